"""Exact order statistics over the rows, column by column, without sorting: the kernel under several rules.

Values are compared by a total order on their bits: -Inf < finite numbers < +Inf < NaN, whatever the sign
of the NaN. A NaN is thus the largest value of its column, and comes back only when the rank asked for
falls on it. Few rows go through a pruned sorting network, many through counting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.counting import key_of_rank, successor
from aspis_sim.aggregation.sorting_network import ranked_rows

NETWORK_ROWS = 64
"""Up to this many rows a pruned network beats counting several times, and compiles in half a second."""

AT_ONCE = 4_000_000
"""Up to this many numbers are counted in one piece: the passes of several tiles would take longer to start."""

CACHED = 480_000
"""Numbers of a tile of more. Two cores have 480 KB each of its digits of 16 bits, which stay in the second-level cache
over the 33 passes. From 240,000 to 960,000 the times differ by a tenth."""

LANE = 32
"""Columns of a tile are an odd multiple of this: the distance between rows is then no multiple of a large power of two,
with which they would evict each other."""

_KEY = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}


def to_keys(values: Array, kept: Array | None = None) -> Array:
    """Integers of the same width that are ordered as the values are; rows not kept come after everything."""
    values = jnp.where(jnp.isnan(values), jnp.full_like(values, jnp.nan), values)
    bits = lax.bitcast_convert_type(values, _KEY[values.dtype.itemsize])
    largest = jnp.iinfo(bits.dtype).max
    keys = bits ^ ((bits >> (values.dtype.itemsize * 8 - 1)) & largest)
    return keys if kept is None else jnp.where(kept[:, None], keys, largest)


def from_keys(keys: Array, dtype: jnp.dtype) -> Array:
    """The values that `to_keys` made the integers from."""
    largest = jnp.iinfo(keys.dtype).max
    return lax.bitcast_convert_type(keys ^ ((keys >> (keys.dtype.itemsize * 8 - 1)) & largest), dtype)


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

    def one(tile: Array, state: tuple[tuple[Array, ...], Array]) -> tuple[tuple[Array, ...], Array]:
        current, result = state
        part = function(*current)
        return load(tile + 1), lax.dynamic_update_slice_in_dim(result, part, start(tile), axis=0)

    first = load(0)
    result = jnp.zeros(columns, jax.eval_shape(function, *first).dtype)
    return lax.fori_loop(0, -(-columns // width), one, (first, result))[1]


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
    return _traced_rank(values, rank, kept)


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def ranked(values: Array, ranks: tuple[int, ...], kept: Array | None = None) -> list[Array]:
    """`kth_smallest` for several ranks at once, which share one network."""
    if len(values) <= NETWORK_ROWS:
        return [from_keys(key, values.dtype) for key in ranked_rows(to_keys(values, kept), ranks)]
    return [_traced_rank(values, jnp.int32(rank), kept) for rank in ranks]


@ranked.defjvp
def _ranked_jvp(ranks: tuple[int, ...], primals: tuple, tangents: tuple) -> tuple[list[Array], list[Array]]:
    values, kept = primals
    found = ranked(values, ranks, kept)
    present = values if kept is None else jnp.where(kept[:, None], values, jnp.nan)
    return found, [_at(present, value, tangents[0]) for value in found]


@jax.custom_jvp
def _traced_rank(values: Array, rank: Array, kept: Array | None) -> Array:
    """`kth_smallest` for a rank that is not known when the program is compiled."""

    def select(tile: Array, ranks: Array) -> Array:
        return from_keys(key_of_rank(to_keys(tile, kept), ranks), values.dtype)

    ranks = jnp.broadcast_to(jnp.asarray(rank, jnp.int32), values.shape[1:])
    return in_tiles(select, values, ranks)


@_traced_rank.defjvp
def _traced_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    values, rank, kept = primals
    found = _traced_rank(values, rank, kept)
    present = values if kept is None else jnp.where(kept[:, None], values, jnp.nan)
    return found, _at(present, found, tangents[0])


def _balanced(keys: Array, kept: Array) -> Array:
    """Keys with the absent rows half below and half above all others, so that the median stays in the middle.

    With m of n rows kept, the middle ones of the kept rows are then those of rank (n-1)//2 and, if m is even,
    the next: ranks that do not depend on m.
    """
    rows, number = len(keys), kept.sum(dtype=jnp.int32)
    below = (rows - 1) // 2 - (number - 1) // 2
    outermost = jnp.iinfo(keys.dtype)
    end = jnp.where(jnp.cumsum(~kept) <= below, outermost.min, outermost.max).astype(keys.dtype)
    return jnp.where(kept[:, None], keys, end[:, None])


def _middle(keys: Array, even: Array | bool, dtype: jnp.dtype) -> Array:
    """The value of rank (n-1)//2 of int ``[n, c]``, or where ``even`` the mean of it and the next."""
    rank = (len(keys) - 1) // 2
    if even is False:
        if len(keys) <= NETWORK_ROWS:
            return from_keys(ranked_rows(keys, (rank,))[0], dtype)
        return from_keys(key_of_rank(keys, jnp.full(keys.shape[1:], rank, jnp.int32)), dtype)
    if len(keys) <= NETWORK_ROWS:
        low, high = ranked_rows(keys, (rank, min(rank + 1, len(keys) - 1)))
    else:
        low = key_of_rank(keys, jnp.full(keys.shape[1:], rank, jnp.int32))
        high = successor(keys, low, rank + 1)
    least, most = from_keys(low, dtype), from_keys(high, dtype)
    return jnp.where(even & (low != high), 0.5 * least + 0.5 * most, least)  # half of each: no overflow


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

    def middle(tile: Array) -> Array:
        keys = to_keys(tile) if kept is None else _balanced(to_keys(tile), kept)
        return _middle(keys, even, tile.dtype)

    found = in_tiles(middle, values)
    return found if kept is None else jnp.where(kept.any(), found, 0)


@median.defjvp
def _median_jvp(lower: bool, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    values, kept = primals
    found = median(values, kept, lower)
    present = values if kept is None else jnp.where(kept[:, None], values, jnp.nan)
    below = jnp.max(jnp.where(present <= found, present, -jnp.inf), 0)
    above = jnp.min(jnp.where(present >= found, present, jnp.inf), 0)
    return found, 0.5 * _at(present, below, tangents[0]) + 0.5 * _at(present, above, tangents[0])
