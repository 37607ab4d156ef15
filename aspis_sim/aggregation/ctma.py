"""CTMA, the centred trimmed meta-aggregator: the mean of the rows nearest to what another rule makes of them."""

from __future__ import annotations

from jax import Array

from aspis_sim.aggregation import accepts, rule
from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.nearest import mean_of_nearest


def ctma(f: int, base: str = "geometric_median") -> Rule:
    """The mean of the n - f rows nearest to a base rule's result (Dahan and Levy, ICML 2024, algorithm 1).

    A row with NaN or Inf, or whose distance overflows, is farthest; more than f of them give NaN. Distances are right
    from 1e-30 to 1e36 in float32, where the base rule is.

    Args:
        f: Byzantine rows; the base rule is given it too, if it takes it.
        base: a rule by name, with the options that it has by itself.

    Raises:
        InputError: there is no such rule, or it needs more than f.
    """
    first = rule(base, f=f) if accepts(base, "f") else rule(base)

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return mean_of_nearest(values, kept, first(values, kept), f)

    return Rule(
        aggregate,
        takes_kept=first.takes_kept,
        tolerance=first.tolerance or majority(f),
        order_free=first.order_free,
        shuffles=first.shuffles,
    )
