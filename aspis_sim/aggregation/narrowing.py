"""Selecting one rank from many rows: where it lies is found in bytes, and the value read off there.

A sample of the rows tells about where the rank lies. The rows are put into 255 buckets around it, in their order, the
outer two open; eight passes over bytes, of which a vector unit compares four times as many at once as of float32, find
the bucket that holds the rank. That bucket is cut into 240, and searched likewise. What is left in it are one or two
rows as a rule, and the least and the greatest of them are looked up: where the rank is that of one of these, or both
are equal, it is settled. If a column is not, the bucket is cut again, up to `LEVELS` times. Gradients behind a ReLU
hold many zeros, and often other numbers close to them: 0 is tried by itself. Nothing rests on the sample but the time.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aspis_sim.aggregation.counting import (
    DIGIT_BITS,
    DIGIT_MAX,
    count,
    digit_of_rank,
    fold,
    greater,
    joined,
    lesser,
)
from aspis_sim.aggregation.keys import from_keys, to_keys
from aspis_sim.aggregation.sorting_network import ranked_rows

SAMPLED = 16
"""Rows of the sample. More would tell more, and take longer to compile than they save."""

AROUND = 4
"""The rank is looked for between the rows of the sample so many ranks before and after it, and as far beyond them."""

OUTER = 127
"""The outer buckets are this and minus this."""

FINER = 240
"""Buckets into which one is cut: fewer than there are, so that rounding at its edges does not matter."""

LEVELS = 4
"""How often the rows are put into buckets at most: four times leave less of a range than float32 can tell apart."""

ROUNDING = np.float32(1.5 * 2**23)
"""A small float32 plus this holds the nearest integer in its lowest bits."""


SPARSE = 0.95
"""If more of the columns than this have a 0 in the sample, it is seen first whether that is the value of the rank; else
it is seen last, where something is left."""

TINY = 1e-30
"""Ranges less wide than this count as this wide, so that nothing overflows."""


class Found(NamedTuple):
    """What is known of a rank in each column.

    Attributes:
        value: float ``[d]``.
        settled: bool ``[d]``, whether that is the value of the rank.
    """

    value: Array
    settled: Array


class _Range(NamedTuple):
    """Where the rank is looked for: the middle of bucket 0, and how many buckets make 1; each ``[d]``."""

    centre: Array
    scale: Array


def narrowed(values: Array, rank: Array, part: float | None = None, ends: Array | None = None, few: int = 0) -> Found:
    """The value of 0-based ``rank [d]`` in each column of float ``[n, d]``, where it can be found so.

    Args:
        values: `SAMPLED` rows or more, of 32 bits or more. A NaN is more than Inf; of 0 and -0 either may come back.
        rank: int32.
        part: about which part of the rows the rank comes after, from 0 to 1; None if that is not known.
        ends: int8 ``[n]``, -OUTER for an absent row that counts as less than all, OUTER for one that counts as more,
            0 for the others; None if no row is absent.
        few: so many columns may be left unsettled, which are not worth another look at all.
    """

    def level(state: tuple[Array, _Range, Found]) -> tuple[Array, _Range, Found]:
        number, within, found = state
        buckets = _buckets(values, within, ends)
        bucket, below = digit_of_rank(buckets, rank)
        finer = _Range(within.centre + bucket / within.scale, jnp.minimum(within.scale * FINER, 1 / TINY))
        looked_up = lambda: _looked_up(found, values, buckets, bucket, rank, below)  # noqa: E731
        return number + 1, finer, lax.cond(number == 0, lambda: found, looked_up)

    def unsettled(state: tuple[Array, _Range, Found]) -> Array:
        return (state[0] < LEVELS) & (jnp.sum(~state[2].settled) > few)

    def zeros_too(found: Found) -> Found:
        zero = _is_zero(values, rank, ends)
        return Found(jnp.where(found.settled | ~zero, found.value, 0), found.settled | zero)

    nothing = Found(jnp.zeros(rank.shape, values.dtype), jnp.zeros(rank.shape, bool))
    sampled = values[:: len(values) // SAMPLED][:SAMPLED]
    sparse = (sampled == 0).any(0).mean() > SPARSE
    begun = lax.cond(sparse, lambda: zeros_too(nothing), lambda: nothing)
    found = lax.while_loop(unsettled, level, (jnp.int32(0), _first_range(sampled, part), begun))[2]
    return lax.cond(sparse | found.settled.all(), lambda: found, lambda: zeros_too(found))


def _is_zero(values: Array, rank: Array, ends: Array | None) -> Array:
    """Whether the value of the rank is 0, as it often is of gradients behind a ReLU."""
    below, upto = below_and_upto_zero(values, ends)
    return (below <= rank) & (rank < upto)


def below_and_upto_zero(values: Array, ends: Array | None) -> tuple[Array, Array]:
    """How many rows of each column are less than 0, and how many are not more: int32 ``[d]``.

    Both are counted in one pass over the rows, as the halves of an integer, where they fit.
    """
    if len(values) > DIGIT_MAX:
        parts = [slice(first, first + DIGIT_MAX) for first in range(0, len(values), DIGIT_MAX)]
        counts = [below_and_upto_zero(values[part], None if ends is None else ends[part]) for part in parts]
        return joined([below for below, _ in counts], jnp.add), joined([upto for _, upto in counts], jnp.add)
    if ends is not None:
        values = jnp.where((ends == 0)[:, None], values, ends.astype(values.dtype)[:, None])
    both = jnp.int32(1 << DIGIT_BITS | 1)
    total = fold(values, lambda row: jnp.where(row < 0, both, jnp.where(row <= 0, 1, 0)), jnp.add)
    return total >> DIGIT_BITS, total & ((1 << DIGIT_BITS) - 1)


def _first_range(sampled: Array, part: float | None) -> _Range:
    """Where the rank is looked for first: between two values of the sample, and as far beyond them on either side."""
    middle = 0.5 if part is None else part
    reach = SAMPLED if part is None else AROUND
    low, high = (round(middle * (SAMPLED - 1) + sign * reach) for sign in (-1, 1))
    keys = ranked_rows(to_keys(sampled), (max(low, 0), min(high, SAMPLED - 1)))
    least, most = (from_keys(key, sampled.dtype) for key in keys)
    width = most - least
    wanted = _Range(0.5 * least + 0.5 * most, jnp.clip(OUTER / 1.5 / jnp.maximum(width, TINY), TINY, 1 / TINY))
    fit = jnp.isfinite(width)
    # Asking first keeps XLA from sorting the sample anew for every row.
    return lax.cond(fit.all(), lambda: wanted, lambda: _Range(*(jnp.where(fit, one, 1) for one in wanted)))


def _buckets(values: Array, within: _Range, ends: Array | None) -> Array:
    """The bucket of every row, int8 ``[n, d]``, which never decreases with the row's value; NaN is in the last."""
    places = (values - within.centre) * within.scale
    first, last = (jnp.full((len(values), 1), end, values.dtype) for end in (-OUTER, OUTER))
    if ends is not None:
        first, last = (jnp.where(ends == 0, end, ends.astype(values.dtype))[:, None] for end in (-OUTER, OUTER))
    places = greater(lesser(places, last), first).astype(jnp.float32)
    return lax.bitcast_convert_type(places + ROUNDING, jnp.int32).astype(jnp.int8)


def _looked_up(found: Found, values: Array, buckets: Array, bucket: Array, rank: Array, below: Array) -> Found:
    """What is found by now: the value also if it is the first or last of its bucket, or all there are equal."""
    inside = buckets == bucket
    least = fold(jnp.where(inside, values, jnp.inf), lambda row: row, lesser)
    most = fold(jnp.where(inside, values, -jnp.inf), lambda row: row, greater)
    first, last = rank <= below, rank + 1 >= count(buckets, lambda row: row <= bucket)
    closed = jnp.abs(bucket) < OUTER
    value = jnp.where(found.settled, found.value, jnp.where(first, least, most))
    return Found(value, found.settled | closed & (first | last | (least == most)))
