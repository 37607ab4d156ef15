"""Exact order statistics over the rows, column by column, without sorting: the kernel under several rules.

Values are compared by a total order on their bits: -Inf < finite numbers < +Inf < NaN, whatever the sign
of the NaN. A NaN is thus the largest value of its column, and comes back only when the rank asked for
falls on it; where 0 and -0 are of the same rank, either comes back. Few rows go through a pruned sorting network, many
through counting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.counting import key_of_rank, successor
from aspis_sim.aggregation.keys import from_keys, to_keys
from aspis_sim.aggregation.narrowing import OUTER, narrowed
from aspis_sim.aggregation.sorting_network import ranked_rows

NETWORK_ROWS = 64
"""Up to this many rows a pruned network beats counting several times, and compiles in half a second."""

AT_ONCE = 4_000_000
"""Up to this many numbers are counted in one piece: the passes of several tiles would take longer to start."""

CACHED = 480_000
"""Numbers of a tile of more. Two cores have 480 KB each of its digits of 16 bits, which stay in the second-level cache
over the 33 passes. From 240,000 to 960,000 the times differ by a tenth."""

WORTH_NARROWING = 100_000
"""From so many numbers on it pays to look for a rank in bytes first: less than a narrow tile of gradients has."""

FEW = 32
"""Columns that are taken out and gone through bit by bit, where the others are settled."""

LANE = 32
"""Columns of a tile are an odd multiple of this: the distance between rows is then no multiple of a large power of two,
with which they would evict each other."""


def in_tiles(function: Callable[..., Array], *arrays: Array) -> Array:
    """Apply a column-wise function to ``[..., d]`` arrays tile by tile, so that each tile stays in the cache.

    ``function`` takes the same arrays with c columns each, the rows first, and returns ``[c]``; the result is
    ``[d]``. The next tile is part of the loop's state, because XLA would otherwise fuse reading it into every
    pass over it. Few rows or few numbers are not worth tiles.
    """
    rows, columns = arrays[0].shape
    tiles = -(-columns // max(LANE, CACHED // rows))
    width = LANE * (-(-columns // tiles // LANE) | 1)
    if rows <= NETWORK_ROWS or rows * columns <= AT_ONCE or width >= columns:
        return function(*arrays)

    def start(tile: Array | int) -> Array:
        return jnp.minimum(tile * width, columns - width)  # the last tile overlaps the one before it

    def load(tile: Array | int) -> tuple[Array, ...]:
        return tuple(lax.dynamic_slice_in_dim(array, start(tile), width, axis=-1) for array in arrays)

    def one(tile: Array, result: Array) -> Array:
        return lax.dynamic_update_slice_in_dim(result, function(*load(tile)), start(tile), axis=0)

    result = jnp.zeros(columns, jax.eval_shape(function, *jax.eval_shape(lambda: load(0))).dtype)
    return lax.fori_loop(0, -(-columns // width), one, result)


def _at(values: Array, found: Array, tangent: Array) -> Array:
    """Mean of ``tangent [n, d]`` over the rows whose value is ``found [d]``: how a selected value moves."""
    chosen = values == found
    return jnp.sum(jnp.where(chosen, tangent, 0), 0) / jnp.maximum(chosen.sum(0), 1).astype(values.dtype)


def kth_smallest(values: Array, rank: Array | int, kept: Array | None = None) -> Array:
    """The value of 0-based ``rank`` in each column of float ``[n, d]``; returns ``[d]`` of the same dtype.

    Args:
        values: the rows; float16, bfloat16, float32 or float64.
        rank: from 0 (the least) to n - 1, or to the number of kept rows less 1; may be traced or ``[d]``.
        kept: bool ``[n]``; rows not kept are as if absent.
    """
    if isinstance(rank, int):
        return ranked(values, (rank,), kept)[0]
    return _traced_rank(None, values, rank, kept)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def ranked(values: Array, ranks: tuple[int, ...], kept: Array | None = None) -> list[Array]:
    """`kth_smallest` for several ranks at once, which share one network."""
    if len(values) <= NETWORK_ROWS:
        return [from_keys(key, values.dtype) for key in ranked_rows(to_keys(values, kept), ranks)]
    return [_traced_rank(rank / (len(values) - 1), values, jnp.int32(rank), kept) for rank in ranks]


@ranked.defjvp
def _ranked_jvp(ranks: tuple[int, ...], primals: tuple, tangents: tuple) -> tuple[list[Array], list[Array]]:
    values, kept = primals
    found = ranked(values, ranks, kept)
    present = values if kept is None else jnp.where(kept[:, None], values, jnp.nan)
    return found, [_at(present, value, tangents[0]) for value in found]


def _selected(values: Array, rank: Array, part: float | None, kept: Array | None, below: Array | int = 0) -> Array:
    """The value of ``rank [c]`` in each column of many rows ``[n, c]``.

    Args:
        values: the rows.
        rank: int32.
        part: about which part of the rows comes before it, None if that is not known.
        kept: bool ``[n]`` or None; rows not kept come after all others,
        below: but for so many of them, which come before.
    """

    def bit_by_bit(values: Array, rank: Array) -> Array:
        keys = to_keys(values) if kept is None else _balanced(to_keys(values), kept, below)
        return from_keys(key_of_rank(keys, rank), values.dtype)

    if values.dtype.itemsize == 2 or values.size < WORTH_NARROWING:
        return bit_by_bit(values, rank)
    few = min(FEW, len(rank))
    ends = None if kept is None else jnp.where(kept, 0, _ends(kept, below, -OUTER, OUTER)).astype(jnp.int8)
    found = narrowed(values, rank, part, ends, few)

    def one_by_one() -> Array:
        (places,) = jnp.nonzero(~found.settled, size=few, fill_value=0)
        return found.value.at[places].set(bit_by_bit(values[:, places], rank[places]))

    left = jnp.sum(~found.settled)
    stage = (left > 0).astype(jnp.int32) + (left > few)
    return lax.switch(stage, [lambda: found.value, one_by_one, lambda: bit_by_bit(values, rank)])


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _traced_rank(part: float | None, values: Array, rank: Array, kept: Array | None) -> Array:
    """`kth_smallest` of many rows, or for a rank that is not known when the program is compiled."""

    def select(tile: Array, ranks: Array) -> Array:
        if len(tile) <= NETWORK_ROWS:
            return from_keys(key_of_rank(to_keys(tile, kept), ranks), values.dtype)
        return _selected(tile, ranks, part, kept)

    ranks = jnp.broadcast_to(jnp.asarray(rank, jnp.int32), values.shape[1:])
    return in_tiles(select, values, ranks)


@_traced_rank.defjvp
def _traced_jvp(part: float | None, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    values, rank, kept = primals
    found = _traced_rank(part, values, rank, kept)
    present = values if kept is None else jnp.where(kept[:, None], values, jnp.nan)
    return found, _at(present, found, tangents[0])


def _ends(kept: Array, below: Array | int, least: int, most: int) -> Array:
    """``least`` for the first ``below`` absent rows, ``most`` for those after them: ``[n]``; any for rows kept."""
    return jnp.where(jnp.cumsum(~kept) <= below, least, most)


def _balanced(keys: Array, kept: Array, below: Array | int) -> Array:
    """Keys whose absent rows are below all others, as far as there shall be ``below``, or above them."""
    limits = jnp.iinfo(keys.dtype)
    return jnp.where(kept[:, None], keys, _ends(kept, below, limits.min, limits.max).astype(keys.dtype)[:, None])


def _middle(values: Array, kept: Array | None, even: Array | bool) -> Array:
    """The median of each column of float ``[n, c]``; the lower of the middle two unless there is an ``even`` number.

    Absent rows go half below and half above the others, so that the median stays in the middle: with m of n rows kept,
    the middle ones of the kept rows are then those of rank (n-1)//2 and, if m is even, the next.
    """
    rows, rank = len(values), (len(values) - 1) // 2
    below: Array | int = 0 if kept is None else rank - (kept.sum(dtype=jnp.int32) - 1) // 2

    def keys() -> Array:
        return to_keys(values) if kept is None else _balanced(to_keys(values), kept, below)

    if rows <= NETWORK_ROWS:
        if even is False:
            return from_keys(ranked_rows(keys(), (rank,))[0], values.dtype)
        low, high = (from_keys(key, values.dtype) for key in ranked_rows(keys(), (rank, min(rank + 1, rows - 1))))
    else:
        low = _selected(values, jnp.full(values.shape[1:], rank, jnp.int32), 0.5, kept, below)
        if even is False:
            return low
        low = jnp.where(low == 0, 0, low)  # not -0, which comes before 0
        next_one = lambda: from_keys(successor(keys(), to_keys(low), rank + 1), values.dtype)  # noqa: E731
        high = next_one() if even is True else lax.cond(even, next_one, lambda: low)
    return jnp.where(even & (low != high), 0.5 * low + 0.5 * high, low)  # half of each: no overflow


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def median(values: Array, kept: Array | None = None, lower: bool = False) -> Array:
    """The exact median of each column of float ``[n, d]``, ``[d]``; of an even number the middle two's mean.

    Args:
        values: the rows.
        kept: bool ``[n]``; rows not kept are as if absent. No row kept gives zeros, as a mean of none does.
        lower: of an even number of rows, take the lower one of the middle two.
    """
    even: Array | bool = len(values) % 2 == 0 if kept is None else kept.sum(dtype=jnp.int32) % 2 == 0
    if lower:
        even = False

    found = in_tiles(lambda tile: _middle(tile, kept, even), values)
    return found if kept is None else jnp.where(kept.any(), found, 0)


@median.defjvp
def _median_jvp(lower: bool, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    values, kept = primals
    found = median(values, kept, lower)
    present = values if kept is None else jnp.where(kept[:, None], values, jnp.nan)
    below = jnp.max(jnp.where(present <= found, present, -jnp.inf), 0)
    above = jnp.min(jnp.where(present >= found, present, jnp.inf), 0)
    return found, 0.5 * _at(present, below, tangents[0]) + 0.5 * _at(present, above, tangents[0])
