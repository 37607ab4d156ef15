"""Clipping: long rows are shortened to a radius."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Preaggregation
from aspis_sim.aggregation.lengths import norms
from aspis_sim.errors import InputError


def shorten(values: Array, lengths: Array, radius: Array | float) -> Array:
    """Rows of ``[n, d]``, of ``lengths [n]``, scaled down to a length of ``radius``.

    A row whose length is not finite has no direction that could be kept, and becomes 0.
    """
    shrink = jnp.where(lengths > radius, radius / jnp.where(lengths > 0, lengths, 1), 1).astype(values.dtype)
    return jnp.where(jnp.isfinite(lengths)[:, None], values * shrink[:, None], 0)


def clipping(radius: float = 2.0) -> Preaggregation:
    """Scale rows that are longer than ``radius`` down to it.

    A row with NaN or Inf, or whose length overflows, becomes zeros. Lengths as in `norms`: right from 1e-30 to 1e36 in
    float32.

    Args:
        radius: more than 0.
    """
    if radius <= 0:
        raise InputError(f"radius must be more than 0, got {radius}")

    def clip(values: Array, kept: Array | None = None) -> tuple[Array, Array | None]:
        return shorten(values, norms(values, kept=kept), radius), kept

    return Preaggregation(clip, takes_kept=True)
