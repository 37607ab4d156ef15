"""Clipping: long rows are shortened to a radius."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Preaggregation
from aspis_sim.aggregation.distances import squared_norms
from aspis_sim.errors import InputError


def shorten(values: Array, radius: Array | float) -> Array:
    """Rows of ``[n, d]`` scaled down to a length of ``radius``; those out of bounds become 0.

    A row whose squared length is not finite has no direction that could be kept.
    """
    squared = squared_norms(values)
    shrink = jnp.minimum(1, radius / jnp.sqrt(jnp.where(squared > 0, squared, 1)))
    return jnp.where(jnp.isfinite(squared)[:, None], values * shrink[:, None], 0)


def clipping(radius: float = 2.0) -> Preaggregation:
    """Scale rows that are longer than ``radius`` down to it.

    A row with NaN or Inf, or whose squares overflow, becomes zeros.

    Args:
        radius: more than 0.
    """
    if radius <= 0:
        raise InputError(f"radius must be more than 0, got {radius}")

    def clip(values: Array, kept: Array | None = None) -> tuple[Array, Array | None]:
        return shorten(values, radius), kept

    return Preaggregation(clip, takes_kept=True)
