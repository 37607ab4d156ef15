"""MoNNA: the mean of the rows nearest to one trusted row."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.distances import mean_of_chosen, places
from aspis_sim.aggregation.lengths import norms


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
        away = norms(values, values[index], kept, zero=index)
        usable = jnp.isfinite(away)
        if kept is not None:
            usable &= kept
        number = len(values) - f if kept is None else jnp.maximum(kept.sum(dtype=jnp.int32) - f, 1)
        nearest = places(jnp.where(usable, away, jnp.inf)) < number
        return mean_of_chosen(nearest, values, usable)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f), order_free=False)
