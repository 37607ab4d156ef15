"""Selecting one rank from many rows without a sort: bisection on the bits, counting rows below a trial.

The keys are taken apart into digits of 16 bits, so that a vector unit compares twice as many of them, and
counted in blocks of rows that are written out, so that XLA runs along the columns. The number of passes is
fixed (16 a digit) and no input, however it was chosen, makes it slower.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax

MOST_ROWS_A_BLOCK = 13
"""Rows that one fused loop counts; twelve or thirteen were the fastest, sixteen half as fast."""

LEAST_BLOCKS = 17
"""With fewer blocks XLA would add them up in the loop that counts them, and there as few at a time as of the total."""

BLOCKS_WRITTEN_OUT = 256
"""Up to this many blocks are added up in code, which takes XLA long to compile for more."""

BLOCKS_A_BYTE = 127 // MOST_ROWS_A_BLOCK
"""Blocks whose rows can be counted in a byte."""

DIGIT_BITS = 16
DIGIT_MAX = 2 ** (DIGIT_BITS - 1) - 1

Join = Callable[[Array, Array], Array]


def lesser(first: Array, second: Array) -> Array:
    """The lesser of numbers none of which is NaN, of 0 and -0 any: `jnp.minimum` takes twice as long for NaN."""
    return jnp.where(first < second, first, second)


def greater(first: Array, second: Array) -> Array:
    """The greater of numbers none of which is NaN, of 0 and -0 any."""
    return jnp.where(first > second, first, second)


def joined(terms: list[Array], join: Join) -> Array:
    """Join the terms in pairs, so that the chain of dependent operations is short."""
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        terms = [join(first, second) for first, second in pairs] + terms[len(terms) & ~1 :]
    return terms[0]


def in_blocks(rows: Array, term: Callable[[Array], Array], join: Join) -> list[Array]:
    """``term(row)`` of float or int ``[n, d]`` joined over blocks of rows: not too many arrays ``[d]``.

    No block has more than `MOST_ROWS_A_BLOCK` rows; of very many rows a block is of so many of such blocks.
    """
    size = max(1, min(MOST_ROWS_A_BLOCK, len(rows) // LEAST_BLOCKS))
    blocks = len(rows) // size
    beyond = [term(row) for row in rows[blocks * size :]]
    stacked = rows[: blocks * size].reshape(blocks, size, *rows.shape[1:])
    part = joined([term(stacked[:, row]) for row in range(size)], join)
    made = [joined(beyond, join)] if beyond else []
    if blocks <= BLOCKS_WRITTEN_OUT:
        return [*part, *made]
    return [*in_blocks(part, lambda block: block, join), *made]


def fold(rows: Array, term: Callable[[Array], Array], join: Join) -> Array:
    """Join ``term(row)`` over the rows of ``[n, d]``; ``join`` is commutative."""
    return joined(in_blocks(rows, term, join), join)


def count(rows: Array, chosen: Callable[[Array], Array]) -> Array:
    """How many rows of each column are ``chosen``, ``[d]``: int16 where the number fits, else int32.

    The rows are counted in numbers as wide as they are themselves, so that a vector unit takes as many at once.
    """
    kind = jnp.int16 if len(rows) <= DIGIT_MAX else jnp.int32
    if rows.dtype != jnp.int8:
        return fold(rows, lambda row: chosen(row).astype(kind), jnp.add)
    most = BLOCKS_WRITTEN_OUT * MOST_ROWS_A_BLOCK
    parts = [rows[first : first + most] for first in range(0, len(rows), most)]
    return joined([_count_bytes(part, chosen).astype(kind) for part in parts], jnp.add)


def _count_bytes(rows: Array, chosen: Callable[[Array], Array]) -> Array:
    """`count` of bytes, of not too many rows."""
    blocks = in_blocks(rows, lambda row: chosen(row).astype(jnp.int8), jnp.add)
    several = (blocks[first : first + BLOCKS_A_BYTE] for first in range(0, len(blocks), BLOCKS_A_BYTE))
    return joined([joined(some, jnp.add).astype(jnp.int16) for some in several], jnp.add)


def successor(keys: Array, key: Array, rank: Array | int) -> Array:
    """The key of ``rank``, given the key of the rank before it: the same if that repeats, or the next."""
    reached = count(keys, lambda row: row <= key) > rank
    largest = jnp.iinfo(keys.dtype).max
    above = fold(keys, lambda row: jnp.where(row > key, row, largest), jnp.minimum)
    return jnp.where(reached, key, above)


def digit_of_rank(digits: Array, rank: Array) -> tuple[Array, Array]:
    """The digit of rank ``rank [d]`` in each column of int8 or int16 ``[n, d]``, and how many are less than it.

    A pass counts the rows below a trial and leaves it to the next pass to accept the trial or not, so that the count
    has one use and XLA adds the blocks up once. The last pass counts below what was found. XLA runs what a loop does
    in its turn, and not on several threads that wait for each other, while it is no more than eight parts: so few are
    carried from pass to pass.
    """
    kind, bits = digits.dtype, digits.dtype.itemsize * 8

    def halve(step: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        before, tried, less = state
        found = jnp.where(less <= rank, tried, before)
        bit = jnp.where(step < bits, 1 << jnp.maximum(bits - 1 - step, 0), 0).astype(kind)
        trial = found + bit  # wraps from the least digit to 0 at step 0
        return found, trial, count(digits, lambda row: row < trial)

    least = jnp.full(rank.shape, jnp.iinfo(kind).min, kind)
    rank = rank.astype(jnp.int16 if len(digits) <= DIGIT_MAX else jnp.int32)
    found, _, below = lax.fori_loop(0, bits + 1, halve, (least, least, jnp.zeros_like(rank)))
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
            digit, below = digit_of_rank((keys >> shift).astype(jnp.int16), rank)
            found = digit.astype(keys.dtype)
        else:
            racing = (keys >> (shift + DIGIT_BITS)) == found
            lower = jnp.where(racing, (keys >> shift).astype(jnp.int16) ^ sign, jnp.int16(DIGIT_MAX))
            digit, below = digit_of_rank(lower, rank)
            found = (found << DIGIT_BITS) | ((digit ^ sign).astype(keys.dtype) & 0xFFFF)
        rank = rank - below
    return found
