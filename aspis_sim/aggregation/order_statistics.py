"""Exact order statistics over the rows, column by column, without sorting: the kernel under several rules.

Values are compared by a total order on their bits: -Inf < finite numbers < +Inf < NaN, whatever the NaN's sign. A NaN
is thus the largest value of its column, and comes back only when the rank that is asked for falls on it. A row that is
not kept comes after everything else. Few rows go through a pruned sorting network, many through counting.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.counting import key_of_rank, successor
from aspis_sim.aggregation.sorting_network import ranked_rows

NETWORK_ROWS = 32
"""Up to this many rows a network is faster than counting, and compiles in well under a second."""

TILE = 4096
"""Columns that are counted at once: 455 rows of 16-bit digits then fit the cache that two cores share."""

_KEY = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}


def to_keys(values: Array, kept: Array | None = None) -> Array:
    """Integers of the same width that are ordered as the values are; rows not kept get the largest of all."""
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
        rank: from 0 (the least) to n - 1, or to the number of kept rows less one; may be traced, may be ``[d]``.
        kept: bool ``[n]``; rows not kept are as if absent.
    """
    if len(values) <= NETWORK_ROWS:
        if isinstance(rank, int):
            return from_keys(ranked_rows(to_keys(values, kept), (rank,))[0], values.dtype)
        return from_keys(_pick(ranked_rows(to_keys(values, kept), range(len(values))), rank), values.dtype)

    def select(tile: Array, ranks: Array) -> Array:
        return from_keys(key_of_rank(to_keys(tile, kept), ranks), values.dtype)

    return in_tiles(select, values, jnp.broadcast_to(jnp.asarray(rank, jnp.int32), values.shape[1:]))


def _pick(rows: list[Array], rank: Array) -> Array:
    """``rows[rank]`` for a traced rank, without stacking the rows."""
    picked = rows[0]
    for place, row in enumerate(rows[1:], start=1):
        picked = jnp.where(rank >= place, row, picked)
    return picked


def _midpoint(low: Array, high: Array) -> Array:
    """Half of each, so that nothing overflows; a value that is both comes back untouched."""
    return jnp.where(low == high, low, 0.5 * low + 0.5 * high)


def median(values: Array, kept: Array | None = None) -> Array:
    """The exact median of each column of float ``[n, d]``, ``[d]``; of an even number the mean of the middle two.

    No row kept gives zeros, as the mean of no rows does.
    """
    if kept is None:
        number: Array | int = len(values)
        lower, upper = (len(values) - 1) // 2, len(values) // 2
        if lower == upper:
            return kth_smallest(values, lower)
    else:
        number = kept.sum(dtype=jnp.int32)
        lower, upper = jnp.maximum(number - 1, 0) // 2, number // 2

    if len(values) <= NETWORK_ROWS:
        keys = to_keys(values, kept)
        if kept is None:
            low, high = (from_keys(key, values.dtype) for key in ranked_rows(keys, (lower, upper)))
        else:
            rows = ranked_rows(keys, range(len(values)))
            low, high = (from_keys(_pick(rows, rank), values.dtype) for rank in (lower, upper))
        return jnp.where(number > 0, _midpoint(low, high), 0)

    def select(tile: Array) -> Array:
        keys = to_keys(tile, kept)
        low = key_of_rank(keys, jnp.full(tile.shape[1:], lower, jnp.int32))
        high = successor(keys, low, upper)
        return _midpoint(from_keys(low, tile.dtype), from_keys(high, tile.dtype))

    return jnp.where(number > 0, in_tiles(select, values), 0)
