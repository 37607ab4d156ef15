"""The median of bucket means: rows are averaged in buckets, and the median is taken across the buckets."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation import order_statistics
from aspis_sim.aggregation.base import Rule
from aspis_sim.errors import InputError


def bucket_of(position: Array, number: Array | int, buckets: Array | int) -> Array:
    """The bucket of each position below ``number`` when the first number mod buckets ones hold one more."""
    size, longer = number // buckets, number % buckets
    in_longer = longer * (size + 1)
    return jnp.where(
        position < in_longer, position // (size + 1), longer + (position - in_longer) // jnp.maximum(size, 1)
    )


def bucket_means(values: Array, kept: Array | None, buckets: int) -> tuple[Array, Array]:
    """Means of consecutive rows in at most ``buckets`` buckets, as even as possible (as numpy.array_split does).

    Args:
        values: float ``[n, d]``.
        kept: bool ``[n]`` or None (all); the kept rows alone are spread over the buckets, in their order.
        buckets: their number; with fewer rows than that, every row is its own bucket.

    Returns:
        Means ``[min(buckets, n), d]``, and which buckets hold a row, bool ``[min(buckets, n)]``.
    """
    rows = len(values)
    most = min(buckets, rows)
    present = jnp.ones(rows, bool) if kept is None else kept
    number = present.sum(dtype=jnp.int32)
    used = jnp.clip(number, 1, most)
    bucket = bucket_of(jnp.cumsum(present, dtype=jnp.int32) - 1, number, used)
    member = (bucket == jnp.arange(most)[:, None]) & present
    weights = member.astype(values.dtype)
    sizes = jnp.maximum(weights.sum(1, keepdims=True), 1)
    inside = values if kept is None else jnp.where(kept[:, None], values, 0)
    return (weights @ inside) / sizes, member.any(1)


def median_of_means(buckets: int) -> Rule:
    """Means of ``buckets`` groups of consecutive rows, then the coordinate-wise median across the groups.

    The aggregation of DETOX (Rajput et al., NeurIPS 2019), whose option is the number of buckets, not the size.

    Args:
        buckets: number of buckets, at least 1; with more buckets than rows every row is its own bucket.

    Raises:
        InputError: ``buckets`` is less than 1.
    """
    if buckets < 1:
        raise InputError(f"median_of_means needs at least 1 bucket, got {buckets}")

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        means, used = bucket_means(values, kept, buckets)
        return order_statistics.median(means, None if kept is None else used)

    return Rule(aggregate, coordinatewise=True, takes_kept=True)
