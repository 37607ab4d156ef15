"""Lengths of rows that neither overflow nor underflow before the rows themselves do.

The square of a float32 is 0 below 1e-19 and infinite above 1e19. Rows are therefore scaled by a power of two, which is
exact, wherever their squares leave a safe range. In it nothing is scaled, so that the usual case costs one pass over
the rows. Numbers below the smallest normal one, 1.2e-38 in float32, may count as zero: XLA sets the hardware so.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import DTypeLike

from aspis_sim.aggregation.counting import joined

PIECES = 32
"""Into how many pieces long rows are cut, whose squares are added up entry by entry before anything is summed."""

LONG = PIECES * 1024
"""Rows of so many numbers are long: pieces of fewer would take longer to start than they save."""


def kind_of(values: Array) -> DTypeLike:
    """The type in which squares are summed: that of the rows, but float32 for shorter ones."""
    return jnp.promote_types(values.dtype, jnp.float32)


def squared_norms(values: Array, centre: Array | None = None) -> Array:
    """Squared distances of the rows of float ``[n, d]`` from ``centre [d]`` (0 if None), as they are.

    Returns ``[n]``, in float32 at least. On a CPU XLA sums each row by itself, and takes three times as long where a
    centre has to be subtracted on the way: long rows are folded into one piece first, which leaves one short product.
    """
    kind = kind_of(values)

    def squares(first: int, last: int) -> Array:
        piece = values[:, first:last] if centre is None else values[:, first:last] - centre[first:last]
        return jnp.square(piece.astype(kind))

    length = values.shape[1]
    if centre is None or length < LONG:
        return jnp.sum(squares(0, length), axis=1)
    width = length // PIECES
    folded = joined([squares(piece * width, (piece + 1) * width) for piece in range(PIECES)], jnp.add)
    rest = jnp.sum(squares(PIECES * width, length), axis=1)
    return jnp.matmul(folded, jnp.ones(width, kind), precision=lax.Precision.HIGHEST) + rest


def peaks(values: Array) -> Array:
    """The largest absolute value of each row of float ``[n, d]``, NaN if it holds one; returns ``[n]``."""
    return jnp.max(jnp.abs(values), axis=1).astype(kind_of(values))


def exponent(sizes: Array) -> Array:
    """The least e with size < 2^e; 0 for sizes that are 0 or not finite."""
    ordinary = (sizes >= jnp.finfo(sizes.dtype).tiny) & (sizes < jnp.inf)
    return jnp.where(ordinary, jnp.frexp(jnp.where(ordinary, sizes, 0.5))[1], 0)


def power_of_two(exponents: Array, kind: DTypeLike) -> Array:
    """2^e exactly, the nearest normal power where that is out of range."""
    limits = jnp.finfo(kind)
    inside = jnp.clip(exponents, limits.minexp, limits.maxexp - 1)
    return jnp.ldexp(jnp.ones(inside.shape, kind), inside)


def middle(sizes: Array, counted: Array) -> Array:
    """The lower median of those of ``sizes [n]`` that are counted; Inf if none is.

    While fewer than half of the rows are Byzantine it lies within the honest rows' range, whatever the others send.
    """
    ordered = jnp.sort(jnp.where(counted, sizes, jnp.inf))
    return ordered[jnp.maximum(counted.sum(dtype=jnp.int32) - 1, 0) // 2]


def least_safe(kind: DTypeLike) -> float:
    """A squared length from which on what underflows in its sum is less than rounding."""
    limits = jnp.finfo(kind)
    return float(limits.tiny) / float(limits.eps) ** 2


def largest_safe(kind: DTypeLike) -> float:
    """A squared length up to which no squared distance between two such rows overflows."""
    return float(jnp.finfo(kind).max) / 4


def norms(values: Array, centre: Array | None = None, kept: Array | None = None, zero: int | None = None) -> Array:
    """Distances of the rows of float ``[n, d]`` from ``centre [d]`` (0 if None): float ``[n]``, in float32 at least.

    Right from 1e-37 to 1e37 in float32: where the square of a row leaves the safe range, each row is scaled by its own
    largest entry. A row with NaN or Inf, or whose length overflows, is at distance Inf.

    Args:
        values: the rows.
        centre: from which they are seen.
        kept: bool ``[n]`` or None (all); what is returned for other rows does not matter.
        zero: a row that is known to be at the centre, and need not be scaled for that.
    """
    kind = kind_of(values)

    def root(squared: Array) -> Array:
        return jnp.where(squared > 0, jnp.sqrt(jnp.where(squared > 0, squared, 1)), 0)

    def scaled() -> Array:
        def seen() -> Array:  # formed anew in each pass, so that it need not exist
            return values if centre is None else values - centre

        largest = lax.stop_gradient(peaks(seen()))
        units = power_of_two(-exponent(largest), kind)
        lengths = root(squared_norms(seen() * units.astype(values.dtype)[:, None])) / units
        return jnp.where(jnp.isfinite(largest) & jnp.isfinite(lengths), lengths, jnp.inf)

    squared = squared_norms(values, centre)
    safe = (squared > least_safe(kind)) & (squared <= largest_safe(kind))
    if kept is not None:
        safe |= ~kept
    if zero is not None:
        safe = safe.at[zero].set(jnp.isfinite(squared[zero]))
    return lax.cond(safe.all(), lambda: root(squared), scaled)
