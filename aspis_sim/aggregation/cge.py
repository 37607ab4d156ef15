"""Comparative gradient elimination: the mean of the shortest rows."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.distances import mean_of_chosen, places
from aspis_sim.aggregation.lengths import norms


def cge(f: int) -> Rule:
    """The mean of the n - f rows of least length (Gupta, Liu and Vaidya, 2021, who take their sum).

    A row with NaN or Inf, or whose length overflows, is the longest; more than f of them give NaN. Lengths as in
    `norms`: right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        lengths = norms(values, kept=kept)
        usable = jnp.isfinite(lengths)
        if kept is not None:
            usable &= kept
        number = len(values) - f if kept is None else jnp.maximum(kept.sum(dtype=jnp.int32) - f, 1)
        shortest = places(jnp.where(usable, lengths, jnp.inf)) < number
        return mean_of_chosen(shortest, values, usable)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f))
