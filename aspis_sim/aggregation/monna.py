"""MoNNA: the mean of the rows nearest to one trusted row."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.distances import mean_of_chosen, places, squared_norms


def monna(f: int, index: int = 0) -> Rule:
    """The mean of the n - f rows nearest to row ``index``, itself among them (Farhadkhani et al., ICML 2023).

    Made for a worker that aggregates what it hears and trusts its own row. A row with NaN or Inf, or whose
    squares overflow, is farthest; more than f of them, or such a trusted row, give NaN.

    Args:
        f: Byzantine rows.
        index: 0-based row that is trusted.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        squared = squared_norms(values - values[index])
        usable = jnp.isfinite(squared)
        if kept is not None:
            usable &= kept
        number = len(values) - f if kept is None else jnp.maximum(kept.sum(dtype=jnp.int32) - f, 1)
        nearest = places(jnp.where(usable, squared, jnp.inf)) < number
        return mean_of_chosen(nearest, values, usable)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f), order_free=False)
