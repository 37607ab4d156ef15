"""The mean of the rows: no defence, and what every rule is held against."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule


def mean_over_rows(values: Array, kept: Array | None = None) -> Array:
    """Mean of float ``[n, d]`` over the (kept) rows, ``[d]``, as a product with a vector of ones.

    On a CPU XLA runs the product as one pass at the speed of memory, and ``values.mean(0)`` some sixty times
    slower. A row that is not kept contributes nothing, even if it holds NaN or Inf; no row kept gives zeros.
    """
    if kept is None:
        return jnp.ones(len(values), values.dtype) @ values / len(values)
    return sum_over_rows(values, kept) / jnp.maximum(kept.sum(), 1)


def sum_over_rows(values: Array, kept: Array) -> Array:
    """Sum of the kept rows of float ``[n, d]``, ``[d]``; the others are masked only if they would spoil it."""
    weights = kept.astype(values.dtype)
    total = weights @ values
    return lax.cond(jnp.isfinite(total).all(), lambda: total, lambda: weights @ jnp.where(kept[:, None], values, 0))


def weighted_mean(values: Array, number: Array) -> Array:
    """Mean of float ``[n, d]`` in which row i counts ``number[i]`` times, ``[d]``; zeros if none counts."""
    weights = number.astype(values.dtype)
    return (weights / jnp.maximum(weights.sum(), 1)) @ values


def average() -> Rule:
    """The mean of the rows."""
    return Rule(mean_over_rows, coordinatewise=True, takes_kept=True)
