"""CAF, the covariance-bound agnostic filter: rows lose weight along the direction of most variance."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.distances import Geometry, geometry, mean_of_chosen


def centred_products(squared: Array, weights: Array) -> Array:
    """Products (x_i - m)·(x_j - m) around the mean m with ``weights [n]`` that sum to 1, from distances.

    Torgerson's double centring: ½ (r_i + r_j - s - D_ij), r = D w and s = wᵀ D w.
    """
    towards = squared @ weights
    return 0.5 * (towards[:, None] + towards - weights @ towards - squared)


def caf(f: int) -> Rule:
    """The weighted mean of least variance along the filter's way (Allouah et al., ICML 2025, algorithm 2).

    All weights start at 1. While they sum to more than n - 2f: take the weighted mean and the top eigenpair
    (λ, v) of the weighted covariance, remember the mean if λ is the least so far, and lower each weight to
    c_i (1 - τ_i / max τ), τ_i = (v·(x_i - mean))², the maximum over the rows that still weigh: each step ends
    one row at least. Eigenvectors come exactly from the n × n matrix of products, where ByzFL takes one
    step of the power iteration from a random start, and its maximum over all rows. A row with NaN or Inf,
    or out of bounds (`aspis_sim.aggregation.distances`), starts at the weight 0. Right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen: Geometry = geometry(values)
        squared = jnp.where(seen.usable[:, None] & seen.usable, seen.squared, 0)

        def step(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            weights, least, best = state
            share = weights / weights.sum()
            products = centred_products(squared, share)
            roots = jnp.sqrt(share)
            largest, vectors = jnp.linalg.eigh(roots[:, None] * products * roots)
            along = jnp.where(weights > 0, jnp.abs(products @ (roots * vectors[:, -1])), 0)
            top = along.max()
            lowered = weights * (1 - jnp.square(along / jnp.where(top > 0, top, 1)))
            lowered = jnp.where((lowered > rounding) & (top > 0), lowered, 0)
            better = largest[-1] < least
            return lowered, jnp.where(better, largest[-1], least), jnp.where(better, share, best)

        def heavy(state: tuple[Array, Array, Array]) -> Array:
            return state[0].sum() > len(values) - 2 * f

        rounding = 64 * jnp.finfo(squared.dtype).eps
        start = seen.usable.astype(squared.dtype)
        state = (start, jnp.full((), jnp.inf, squared.dtype), start / jnp.maximum(start.sum(), 1))
        return mean_of_chosen(lax.while_loop(heavy, step, state)[2], seen.rows, seen.usable)

    return Rule(aggregate, tolerance=majority(f))
