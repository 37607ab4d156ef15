"""Centered clipping: rows are pulled to within a radius of a centre before they are averaged."""

from __future__ import annotations

import sys

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule
from aspis_sim.aggregation.distances import combine
from aspis_sim.aggregation.lengths import norms
from aspis_sim.errors import InputError
from aspis_sim.printable import brief


def clip_around(values: Array, centre: Array, tau: float, iterations: int, kept: Array | None = None) -> Array:
    """The rule with its state in and out: ``centre [d]`` is the last aggregate, the result is the next one.

    v ← v + mean of (x_i - v) · min(1, tau / ‖x_i - v‖), ``iterations`` times (Karimireddy et al., ICML 2021,
    algorithm 2, who start each round at the aggregate of the round before). A row with NaN or Inf, or
    whose distance overflows, counts as one that sits at the centre: it moves nothing. Distances as in `norms`: right
    from 1e-30 to 1e36 in float32.
    """
    number = len(values) if kept is None else jnp.maximum(kept.sum(), 1).astype(values.dtype)
    for _ in range(iterations):
        away = norms(values, centre, kept)
        usable = jnp.isfinite(away) if kept is None else jnp.isfinite(away) & kept
        shrink = jnp.where(away > tau, tau / jnp.where(away > 0, away, 1), 1)
        shares = (jnp.where(usable, shrink, 0) / number).astype(values.dtype)
        centre = combine(shares, values, usable) + (1 - shares.sum()) * centre
    return centre


def centered_clipping(tau: float = 100.0, iterations: int = 1) -> Rule:
    """Centered clipping from 0 each time (Karimireddy et al., ICML 2021); `clip_around` keeps state.

    NaN and Inf as in `clip_around`.

    Args:
        tau: radius, more than 0.
        iterations: how often the rows are clipped around the new centre.
    """
    if not isinstance(tau, int | float) or not 0 < tau <= sys.float_info.max:
        raise InputError(f"tau must be a finite number more than 0, got {brief(tau)}")
    radius = float(tau)
    if iterations < 1:
        raise InputError(f"iterations must be at least 1, got {iterations}")

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return clip_around(values, jnp.zeros_like(values[0]), radius, iterations, kept)

    return Rule(aggregate, takes_kept=True)
