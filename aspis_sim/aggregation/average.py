"""The mean of the rows: no defence, and what every rule is held against."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule


def mean_over_rows(values: Array, kept: Array | None = None) -> Array:
    """Mean of float ``[n, d]`` over the (kept) rows, ``[d]``, as a product with a vector of ones.

    On a CPU XLA runs the product as one pass at the speed of memory, and ``values.mean(0)`` some sixty times
    slower. A row that is not kept contributes nothing, even if it holds NaN or Inf; no row kept gives zeros.
    """
    if kept is None:
        return jnp.ones(len(values), values.dtype) @ values / len(values)
    weights = kept.astype(values.dtype)
    total = weights @ jnp.where(kept[:, None], values, 0)
    return total / jnp.maximum(weights.sum(), 1)


def average() -> Rule:
    """The mean of the rows."""
    return Rule(mean_over_rows, coordinatewise=True, takes_kept=True)
