"""The median of bucket means: rows are averaged in buckets, and the median is taken across the buckets."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

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


def bucket_means(values: Array, kept: Array | None, buckets: Array | int, most: int) -> tuple[Array, Array]:
    """Means of consecutive rows in at most ``buckets`` buckets, as even as numpy.array_split makes them.

    Args:
        values: float ``[n, d]``.
        kept: bool ``[n]`` or None (all); the kept rows alone are spread over the buckets, in their order.
        buckets: their number, which may be traced; with fewer rows than that, every row is its own bucket.
        most: no fewer than ``buckets``; the number of rows that are returned.

    Returns:
        Means ``[min(most, n), d]``, and which buckets hold a row, bool ``[min(most, n)]``.
    """
    rows = len(values)
    most = min(most, rows)
    present = jnp.ones(rows, bool) if kept is None else kept
    number = present.sum(dtype=jnp.int32)
    used = jnp.clip(jnp.minimum(number, buckets), 1, most)
    bucket = bucket_of(jnp.cumsum(present, dtype=jnp.int32) - 1, number, used)
    member = (bucket == jnp.arange(most)[:, None]) & present
    weights = member.astype(values.dtype)
    sizes = jnp.maximum(weights.sum(1, keepdims=True), 1)
    inside = values if kept is None else jnp.where(kept[:, None], values, 0)
    # In a product a row that is not finite would spoil every bucket; they are summed one by one.
    sums = lax.cond(
        jnp.isfinite(inside).all(),
        lambda: weights @ inside,
        lambda: jax.ops.segment_sum(inside, jnp.where(present, bucket, most), num_segments=most),
    )
    return sums / sizes, member.any(1)


def median_of_means(
    buckets: int | None = None, most: int | None = None, per_lie: int = 4, shuffled: bool = False
) -> Rule:
    """Means of ``buckets`` groups of consecutive rows, then the coordinate-wise median across the groups.

    The aggregation of DETOX (Rajput et al., NeurIPS 2019), whose option is the number of buckets, not the
    size. With the number left open it adapts: where at most c rows can be distorted, 2c + 1 buckets are
    the fewest of which a majority is clean, and the fewer buckets, the less noise in each mean; but lies that all
    pull to one side then move the median to the edge of the clean means. 4c + 1 buckets keep it in their middle
    half, which trained better against large lies and no worse against small ones.

    Args:
        buckets: number of buckets, at least 1; with more buckets than rows every row is its own bucket.
            None for ``per_lie`` c + 1, c being given with the rows (called without it: as many buckets as
            rows, the plain median).
        most: with ``buckets`` None, the most that can be (it bounds the work); None for the number of rows.
        per_lie: buckets for each row that can be distorted, at least 2.
        shuffled: in training, the rows are put into the buckets in an order drawn anew at every step, as in the code
            of Aspis (see `Rule.shuffles`); else in the order of the files.

    Raises:
        InputError: ``buckets`` or ``most`` is less than 1, or both are given, or ``per_lie`` is less than 2.
    """
    if per_lie < 2:
        raise InputError(f"median_of_means needs 2 or more buckets per lie for a clean majority, got {per_lie}")
    if buckets is not None and most is not None:
        raise InputError("median_of_means takes a number of buckets or a bound on it, not both")
    for name, value in (("buckets", buckets), ("most", most)):
        if value is not None and value < 1:
            raise InputError(f"median_of_means needs {name} of at least 1, got {value}")

    def adaptive(values: Array, kept: Array | None, distorted: Array | int) -> Array:
        limit = len(values) if most is None else min(most, len(values))
        means, used = bucket_means(values, kept, per_lie * jnp.asarray(distorted) + 1, limit)
        return order_statistics.median(means, used)

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        if buckets is None:
            return order_statistics.median(values, kept)
        means, used = bucket_means(values, kept, buckets, buckets)
        return order_statistics.median(means, None if kept is None else used)

    bounded = adaptive if buckets is None else None
    return Rule(aggregate, coordinatewise=True, takes_kept=True, order_free=False, shuffles=shuffled, bounded=bounded)
