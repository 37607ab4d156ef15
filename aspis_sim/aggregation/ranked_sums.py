"""Exact sums and means over chosen ranks, column by column: what trimmed and mean-around rules add up.

Few rows are sorted whole by a network and added up in the same loop; of many rows only the values at the ends are
selected, and what lies between them is summed where it stands.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.counting import count, fold, joined
from aspis_sim.aggregation.keys import to_keys
from aspis_sim.aggregation.order_statistics import in_tiles, kth_smallest, ranked

SORTED_ROWS = 32
"""Up to this many rows all ranks at once are worth a network."""


def sum_of_ranks(values: Array, low: Array | int, high: Array | int, kept: Array | None = None) -> Array:
    """Sum of the values of rank low, ..., high - 1 in each column of float ``[n, d]``; returns ``[d]``.

    Only the two values at the ends are selected; what lies strictly between is summed where it stands, and
    the ends count as often as the ranks demand. ``low < high``; both may be traced.
    """
    if isinstance(low, int) and isinstance(high, int):
        if len(values) <= SORTED_ROWS:
            return sum_of(ranked(values, tuple(range(low, high)), kept))
        first, last = ranked(values, (low, high - 1), kept)
    else:
        first, last = kth_smallest(values, low, kept), kth_smallest(values, high - 1, kept)

    def add_up(tile: Array, first: Array, last: Array) -> Array:
        keys, least, most = to_keys(tile, kept), to_keys(first), to_keys(last)
        inside = jnp.where((keys > least) & (keys < most), tile, 0)
        middle = fold(inside, lambda row: row, jnp.add)
        at_least = count(keys, lambda row: row <= least) - low
        at_most = high - count(keys, lambda row: row < most)
        ends = _times(at_least, first) + _times(at_most, last)
        return jnp.where(least == most, _times(high - low, first), middle + ends)

    return in_tiles(add_up, values, first, last)


def _times(number: Array | int, value: Array) -> Array:
    """``number`` copies of a value added up, where no copy of an infinity is 0 and not NaN."""
    return jnp.where(jnp.asarray(number) > 0, jnp.asarray(number).astype(value.dtype) * value, 0)


def sum_of(terms: list[Array]) -> Array:
    """The sum of the arrays, in pairs, which XLA fuses with what makes them."""
    return joined(terms, jnp.add)


def _mean_of_nearest_few(ordered: list[Array], centre: Array, number: int) -> Array:
    """`mean_of_nearest` from the rows in ascending order: the values wanted are neighbours in it.

    The distance that reaches ``number`` values is the least, over the windows of that many neighbours, of the
    distance to the farther end.
    """
    distances = [jnp.abs(row - centre) for row in ordered]
    distances = [jnp.where(jnp.isnan(distance), jnp.inf, distance) for distance in distances]
    reach = joined(
        [jnp.maximum(low, high) for low, high in zip(distances, distances[number - 1 :], strict=False)], jnp.minimum
    )
    zero = jnp.zeros_like(centre)
    nearer = [distance < reach for distance in distances]
    tied = [distance == reach for distance in distances]
    inside = sum_of([jnp.where(near, row, zero) for near, row in zip(nearer, ordered, strict=True)])
    contenders = sum_of([jnp.where(tie, row, zero) for tie, row in zip(tied, ordered, strict=True)])
    places = number - sum_of([near.astype(centre.dtype) for near in nearer])
    rivals = sum_of([tie.astype(centre.dtype) for tie in tied])
    return (inside + contenders * (places / rivals)) / number


def mean_of_nearest(values: Array, centre: Array, number: Array | int, kept: Array | None = None) -> Array:
    """Mean of the ``number`` values nearest to ``centre [d]`` in each column of float ``[n, d]``.

    Values that are equally far and compete for the last places share them evenly, so that the order of the
    rows does not matter. A value that is not finite is farther than every one that is.
    """
    if isinstance(number, int) and kept is None and len(values) <= SORTED_ROWS:
        return _mean_of_nearest_few(ranked(values, tuple(range(len(values)))), centre, number)
    distances = jnp.abs(values - centre)
    reach = kth_smallest(lax.stop_gradient(distances), number - 1, kept)

    def add_up(tile: Array, centre: Array, reach: Array) -> Array:
        keys, limit = to_keys(jnp.abs(tile - centre), kept), to_keys(reach)
        nearer = fold(jnp.where(keys < limit, tile, 0), lambda row: row, jnp.add)
        tied = keys == limit
        if kept is not None:
            tied &= kept[:, None]
        places = (number - count(keys, lambda row: row < limit)).astype(tile.dtype)
        contenders = jnp.maximum(count(tied, lambda row: row), 1).astype(tile.dtype)
        share = fold(jnp.where(tied, tile, 0), lambda row: row, jnp.add) * (places / contenders)
        return (nearer + share) / jnp.asarray(number).astype(tile.dtype)

    return in_tiles(add_up, values, centre, reach)
