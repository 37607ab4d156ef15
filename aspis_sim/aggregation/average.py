"""The mean of the rows: no defence, and what every rule is held against."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule


def mean_over_rows(values: Array, kept: Array | None = None) -> Array:
    """Mean of float ``[n, d]`` over the (kept) rows, ``[d]``, as a product with a vector of their shares.

    On a CPU XLA runs the product as one pass at the speed of memory, and ``values.mean(0)`` some sixty times
    slower. A row that is not kept contributes nothing, even if it holds NaN or Inf; no row kept gives zeros.
    Rows of 16 bits are added up in float32; the mean is rounded to their type.

    Without ``kept`` nothing is left to divide after the product: XLA would divide anew wherever the mean is used, and
    where it splits the columns among processors it rounds some of them once and others twice.
    """
    if kept is None:
        wide = jnp.promote_types(values.dtype, jnp.float32)
        return (jnp.full(len(values), 1 / len(values), wide) @ values).astype(values.dtype)
    return (sum_over_rows(values, kept) / jnp.maximum(kept.sum(), 1)).astype(values.dtype)


def sum_over_rows(values: Array, kept: Array) -> Array:
    """Sum of the kept rows of float ``[n, d]``, ``[d]``, in float32 at least.

    The other rows are masked only if they would spoil it.
    """
    weights = kept.astype(values.dtype)
    total = _added(weights, values)
    masked = lambda: _added(weights, jnp.where(kept[:, None], values, 0))  # noqa: E731
    return lax.cond(jnp.isfinite(total).all(), lambda: total, masked)


def _added(weights: Array, values: Array) -> Array:
    """The sum of rows with weights of 0 and 1."""
    return jnp.matmul(weights, values, preferred_element_type=jnp.promote_types(values.dtype, jnp.float32))


def weighted_mean(values: Array, number: Array) -> Array:
    """Mean of float ``[n, d]`` in which row i counts ``number[i]`` times, ``[d]``; zeros if none counts."""
    weights = number.astype(values.dtype)
    return (weights / jnp.maximum(weights.sum(), 1)) @ values


def average() -> Rule:
    """The mean of the rows."""
    return Rule(mean_over_rows, coordinatewise=True, takes_kept=True)
