"""Selecting one rank from many rows without a sort: bisection on the bits, counting rows below a trial.

The keys are taken apart into digits of 16 bits, so that a vector unit compares twice as many of them, and
counted in blocks of rows that are written out, so that XLA runs along the columns. The number of passes is
fixed (16 a digit) and no input, however it was chosen, makes it slower.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax

ROWS_A_BLOCK = 13
"""Rows that one fused loop counts; twelve or thirteen were the fastest, sixteen half as fast."""

BLOCKS_WRITTEN_OUT = 64
"""Up to this many blocks are added up in code: XLA's reduction over so few of them is not vectorised."""

DIGIT_BITS = 16
DIGIT_MAX = 2 ** (DIGIT_BITS - 1) - 1

Join = Callable[[Array, Array], Array]


def joined(terms: list[Array], join: Join) -> Array:
    """Join the terms in pairs, so that the chain of dependent operations is short."""
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        terms = [join(first, second) for first, second in pairs] + terms[len(terms) & ~1 :]
    return terms[0]


def fold(rows: Array, term: Callable[[Array], Array], join: Join) -> Array:
    """Join ``term(row)`` over the rows of ``[n, d]``; ``join`` is jnp.add or jnp.minimum."""
    blocks = len(rows) // ROWS_A_BLOCK
    together = blocks * ROWS_A_BLOCK
    parts = [term(row) for row in rows[together:]]
    if blocks:
        stacked = rows[:together].reshape(blocks, ROWS_A_BLOCK, -1)
        part = joined([term(stacked[:, row]) for row in range(ROWS_A_BLOCK)], join)
        if blocks <= BLOCKS_WRITTEN_OUT:
            parts += list(part)
        else:
            reduced = jnp.sum(part, axis=0) if join is jnp.add else jnp.min(part, axis=0)
            parts.append(reduced.astype(part.dtype))
    return joined(parts, join)


def count(rows: Array, chosen: Callable[[Array], Array]) -> Array:
    """How many rows of each column are ``chosen``, int32 ``[d]``; counted in int16 where the number fits."""
    kind = jnp.int16 if len(rows) <= DIGIT_MAX else jnp.int32
    return fold(rows, lambda row: chosen(row).astype(kind), jnp.add).astype(jnp.int32)


def successor(keys: Array, key: Array, rank: Array | int) -> Array:
    """The key of ``rank``, given the key of the rank before it: the same if that repeats, or the next."""
    reached = count(keys, lambda row: row <= key) > rank
    largest = jnp.iinfo(keys.dtype).max
    above = fold(keys, lambda row: jnp.where(row > key, row, largest), jnp.minimum)
    return jnp.where(reached, key, above)


def _digit_of_rank(digits: Array, rank: Array) -> tuple[Array, Array]:
    """The digit of rank ``rank [d]`` in each column of int16 ``[n, d]``, and how many are less than it.

    A pass counts the rows below a trial and leaves it to the next pass to accept the trial or not, so that the count
    has one use and XLA adds the blocks up once. The last pass counts below what was found.
    """

    def halve(step: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        before, tried, less = state
        found = jnp.where(less <= rank, tried, before)
        place = jnp.maximum(DIGIT_BITS - 1 - step, 0).astype(jnp.int16)
        bit = jnp.where(step < DIGIT_BITS, jnp.int16(1) << place, jnp.int16(0))
        trial = found + bit  # wraps from the least digit to 0 at step 0
        return found, trial, count(digits, lambda row: row < trial)

    least = jnp.full(rank.shape, -DIGIT_MAX - 1, jnp.int16)
    found, _, below = lax.fori_loop(0, DIGIT_BITS + 1, halve, (least, least, jnp.zeros_like(rank)))
    return found, below


def key_of_rank(keys: Array, rank: Array) -> Array:
    """The key of 0-based ``rank [d]`` in each column of int16, int32 or int64 ``[n, d]``; returns ``[d]``.

    The digits are found from the highest to the lowest. A row that has left the race, because a higher digit
    of it is not the one found, counts as the largest digit: above every trial, so that only the rank must be
    lowered by the rows that were below.
    """
    digits = keys.dtype.itemsize * 8 // DIGIT_BITS
    sign = jnp.int16(-DIGIT_MAX - 1)
    found = jnp.zeros(rank.shape, keys.dtype)
    for place in reversed(range(digits)):
        shift = place * DIGIT_BITS
        if place == digits - 1:
            digit, below = _digit_of_rank((keys >> shift).astype(jnp.int16), rank)
            found = digit.astype(keys.dtype)
        else:
            racing = (keys >> (shift + DIGIT_BITS)) == found
            lower = jnp.where(racing, (keys >> shift).astype(jnp.int16) ^ sign, jnp.int16(DIGIT_MAX))
            digit, below = _digit_of_rank(lower, rank)
            found = (found << DIGIT_BITS) | ((digit ^ sign).astype(keys.dtype) & 0xFFFF)
        rank = rank - below
    return found
