"""Comparative gradient elimination: the mean of the shortest rows."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.distances import mean_of_chosen, places, squared_norms


def cge(f: int) -> Rule:
    """The mean of the n - f rows of least length (Gupta, Liu and Vaidya, 2021, who take their sum).

    A row with NaN or Inf, or whose squares overflow, is the longest; more than f of them give NaN.

    Args:
        f: Byzantine rows.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        squared = squared_norms(values)
        usable = jnp.isfinite(squared)
        if kept is not None:
            usable &= kept
        number = len(values) - f if kept is None else jnp.maximum(kept.sum(dtype=jnp.int32) - f, 1)
        shortest = places(jnp.where(usable, squared, jnp.inf)) < number
        return mean_of_chosen(shortest, values, usable)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f))
