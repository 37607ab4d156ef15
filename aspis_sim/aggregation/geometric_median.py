"""The geometric median, by Weiszfeld's iteration."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule
from aspis_sim.aggregation.distances import EXACT, combine, geometry, mean_of_chosen
from aspis_sim.aggregation.lengths import norms
from aspis_sim.errors import InputError

LONGEST = 10_000
"""Steps after which an iteration to convergence stops whether or not it has converged."""


def geometric_median(nu: float = 0.1, iterations: int | None = 3, tolerance: float | None = None) -> Rule:
    """The point z with the least sum of distances ‖x_i - z‖, by Weiszfeld's smoothed iteration.

    z ← Σ w_i x_i / Σ w_i with w_i = 1 / max(‖x_i - z‖, nu), from z = 0 (Pillutla et al., IEEE TSP 2022;
    ByzFL takes 3 steps). Fixed steps walk over the rows; an iteration to convergence stays in the n × n
    matrix of distances, where ‖x_i - Σ_j a_j x_j‖² = (D a)_i - ½ aᵀ D a for weights a that sum to 1. A row
    with NaN or Inf, or whose length overflows, has the weight 0. Distances are right from 1e-30 to 1e36 in float32
    (`norms`); to convergence, to 1e18 times the typical one (`aspis_sim.aggregation.distances`).

    Args:
        nu: distances below it count as it, more than 0.
        iterations: how many steps, or None to go on until converged.
        tolerance: with ``iterations=None``: stop when no weight changes by more than this; by default 8 units
            in the last place.
    """
    if nu <= 0:
        raise InputError(f"nu must be more than 0, got {nu}")
    if iterations is not None and iterations < 1:
        raise InputError(f"iterations must be at least 1, or None to converge, got {iterations}")

    def inverse(distances: Array, usable: Array, least: Array | float) -> Array:
        """Weights that sum to 1 and are as 1 / max(distance, least); none of them overflows."""
        limits = jnp.finfo(distances.dtype)
        away = jnp.where(usable, jnp.maximum(distances, jnp.clip(least, limits.tiny, limits.max)), limits.max)
        weights = jnp.where(usable, away.min() / away, 0)
        return weights / jnp.maximum(weights.sum(), 1)

    def fixed(values: Array, kept: Array | None) -> Array:
        away = norms(values, kept=kept)
        usable = jnp.isfinite(away) if kept is None else jnp.isfinite(away) & kept
        weights = inverse(away, usable, nu)
        for _ in range((iterations or 1) - 1):
            centre = combine(weights.astype(values.dtype), values, usable)
            weights = inverse(norms(values, centre, kept), usable, nu)
        return mean_of_chosen(weights, values, usable)

    def converged(values: Array, kept: Array | None) -> Array:
        seen = geometry(values, kept)
        squared = jnp.where(seen.usable[:, None] & seen.usable, seen.squared, 0)
        enough = 8 * jnp.finfo(squared.dtype).eps if tolerance is None else tolerance

        def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            count, weights, _ = state
            distances = jnp.matmul(squared, weights, precision=EXACT)
            away = jnp.maximum(distances - 0.5 * (weights @ distances), 0)
            better = inverse(jnp.sqrt(away), seen.usable, nu * seen.unit)
            return count + 1, better, jnp.max(jnp.abs(better - weights))

        def unfinished(state: tuple[Array, Array, Array]) -> Array:
            return (state[0] < LONGEST) & (state[2] > enough)

        start = seen.usable.astype(squared.dtype) / jnp.maximum(seen.usable.sum(), 1).astype(squared.dtype)
        state = (jnp.int32(0), start, jnp.full((), jnp.inf, squared.dtype))
        return mean_of_chosen(lax.while_loop(unfinished, step, state)[1], seen.rows, seen.usable)

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return fixed(values, kept) if iterations is not None else converged(values, kept)

    return Rule(aggregate, takes_kept=True)
