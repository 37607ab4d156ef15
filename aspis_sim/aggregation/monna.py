"""MoNNA: the mean of the rows nearest to one trusted row."""

from __future__ import annotations

from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.nearest import mean_of_nearest


def monna(f: int, index: int = 0) -> Rule:
    """The mean of the n - f rows nearest to row ``index``, itself among them (Farhadkhani et al., ICML 2023).

    Made for a worker that aggregates what it hears and trusts its own row. A row with NaN or Inf, or whose
    distance overflows, is farthest; more than f of them, or such a trusted row, give NaN. Distances as in `norms`:
    right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
        index: 0-based row that is trusted.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return mean_of_nearest(values, kept, values[index], f, zero=index)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f), order_free=False)
