"""Nearest-neighbour mixing: each row becomes the mean of the rows nearest to it."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Preaggregation, majority
from aspis_sim.aggregation.distances import geometry, mean_of_chosen, places


def nnm(f: int) -> Preaggregation:
    """Replace each row by the mean of the n - f rows nearest to it, itself among them.

    Allouah et al., AISTATS 2023. A row with NaN or Inf, or out of bounds (`aspis_sim.aggregation.distances`), is
    infinitely far from the others; its own mixture, and every mixture once more than f rows are such, is NaN. Right
    from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
    """

    def mix(values: Array, kept: Array | None = None) -> tuple[Array, Array | None]:
        seen = geometry(values, kept)
        number = jnp.maximum(seen.number - f, 1)
        return mean_of_chosen(places(seen.squared) < number, seen.rows, seen.usable), kept

    return Preaggregation(mix, takes_kept=True, tolerance=majority(f))
