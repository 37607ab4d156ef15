"""Exact order statistics over the rows, column by column, without sorting: the kernel under several rules.

Values are compared by a total order on their bits: -Inf < finite numbers < +Inf < NaN, whatever the NaN's sign.
A NaN is thus the largest value of its column, and comes back only when the rank that is asked for falls on it.
Few rows go through a pruned sorting network, many through counting.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.counting import key_of_rank, successor
from aspis_sim.aggregation.sorting_network import ranked_rows

NETWORK_ROWS = 64
"""Up to this many rows a pruned network is several times faster than counting, and compiles in half a second."""

SORTED_ROWS = 32
"""Up to this many rows a whole network, every rank of it, compiles in well under a second."""

TILE = 4128
"""Columns that are counted at once: 455 rows of 16-bit digits then fit the cache that two cores share, and the
distance between rows is not a multiple of a large power of two, with which they would evict each other."""

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

    ``function`` takes the same arrays with c columns each and returns ``[c]``; the result is ``[d]``.
    """
    columns = arrays[0].shape[-1]
    if columns <= 2 * TILE:
        return function(*arrays)

    def start(tile: Array | int) -> Array:
        return jnp.minimum(tile * TILE, columns - TILE)  # the last tile overlaps the one before it

    def part(tile: Array | int) -> Array:
        return function(*(lax.dynamic_slice_in_dim(array, start(tile), TILE, axis=-1) for array in arrays))

    def one(tile: Array, result: Array) -> Array:
        return lax.dynamic_update_slice_in_dim(result, part(tile), start(tile), axis=0)

    shape = jax.eval_shape(part, 0)
    return lax.fori_loop(0, -(-columns // TILE), one, jnp.zeros(columns, shape.dtype))


def kth_smallest(values: Array, rank: Array | int, kept: Array | None = None) -> Array:
    """The value of 0-based ``rank`` in each column of float ``[n, d]``; returns ``[d]`` of the same dtype.

    Args:
        values: the rows; float16, bfloat16, float32 or float64.
        rank: from 0 (the least) to n - 1, or to the number of kept rows less 1; may be traced, may be ``[d]``.
        kept: bool ``[n]``; rows not kept are as if absent.
    """
    if isinstance(rank, int) and len(values) <= NETWORK_ROWS:
        return from_keys(ranked_rows(to_keys(values, kept), (rank,))[0], values.dtype)

    def select(tile: Array, ranks: Array) -> Array:
        return from_keys(key_of_rank(to_keys(tile, kept), ranks), values.dtype)

    return in_tiles(select, values, jnp.broadcast_to(jnp.asarray(rank, jnp.int32), values.shape[1:]))


def _balanced(keys: Array, kept: Array) -> Array:
    """Keys whose absent rows are put half below and half above all others, so that the median stays in the middle.

    With m of n rows kept, the middle ones of the kept rows are then those of rank (n-1)//2 and, if m is even,
    the next: ranks that do not depend on m.
    """
    rows, number = len(keys), kept.sum(dtype=jnp.int32)
    below = (rows - 1) // 2 - (number - 1) // 2
    outermost = jnp.iinfo(keys.dtype)
    end = jnp.where(jnp.cumsum(~kept) <= below, outermost.min, outermost.max).astype(keys.dtype)
    return jnp.where(kept[:, None], keys, end[:, None])


def _median_of_keys(keys: Array, even: Array | bool, dtype: jnp.dtype) -> Array:
    """The value of rank (n-1)//2 of int ``[n, c]``, or the mean of it and the next where their number is even."""
    rank, odd = (len(keys) - 1) // 2, even is False
    if len(keys) <= NETWORK_ROWS:
        pair = ranked_rows(keys, (rank, min(rank + 1, len(keys) - 1)) if not odd else (rank,))
        low, high = pair[0], pair[-1]
    else:
        low = key_of_rank(keys, jnp.full(keys.shape[1:], rank, jnp.int32))
        high = low if odd else successor(keys, low, rank + 1)
    least, most = from_keys(low, dtype), from_keys(high, dtype)
    return jnp.where(even & (low != high), 0.5 * least + 0.5 * most, least)  # half of each: no overflow


def median(values: Array, kept: Array | None = None) -> Array:
    """The exact median of each column of float ``[n, d]``, ``[d]``; of an even number the mean of the middle two.

    No row kept gives zeros, as the mean of no rows does.
    """
    if kept is None:
        even: Array | bool = len(values) % 2 == 0
    else:
        even = kept.sum(dtype=jnp.int32) % 2 == 0

    def middle(tile: Array) -> Array:
        keys = to_keys(tile) if kept is None else _balanced(to_keys(tile), kept)
        return _median_of_keys(keys, even, tile.dtype)

    found = middle(values) if len(values) <= NETWORK_ROWS else in_tiles(middle, values)
    return found if kept is None else jnp.where(kept.any(), found, 0)
