"""Lengths of rows that neither overflow nor underflow before the rows themselves do.

The square of a float32 is 0 below 1e-19 and infinite above 1e19. Rows are therefore scaled by a power of two, which is
exact, wherever their squares leave a safe range. In it nothing is scaled, so that the usual case costs one pass over
the rows. Numbers below the smallest normal one, 1.2e-38 in float32, may count as zero: XLA sets the hardware so.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import DTypeLike


def kind_of(values: Array) -> DTypeLike:
    """The type in which squares are summed: that of the rows, but float32 for shorter ones."""
    return jnp.promote_types(values.dtype, jnp.float32)


def squared_norms(values: Array) -> Array:
    """Squared lengths of the rows of float ``[n, d]``, as they are; returns ``[n]``, in float32 at least."""
    return jnp.sum(jnp.square(values.astype(kind_of(values))), axis=1)


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


def least_safe(kind: DTypeLike) -> Array:
    """A squared length from which on what underflows in its sum is less than rounding."""
    limits = jnp.finfo(kind)
    return limits.tiny / limits.eps**2


def largest_safe(kind: DTypeLike) -> Array:
    """A squared length up to which no squared distance between two such rows overflows."""
    return jnp.finfo(kind).max / 4


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

    def seen() -> Array:  # formed anew in each pass, so that it need not exist
        return values if centre is None else values - centre

    def root(squared: Array) -> Array:
        return jnp.where(squared > 0, jnp.sqrt(jnp.where(squared > 0, squared, 1)), 0)

    def scaled() -> Array:
        largest = lax.stop_gradient(peaks(seen()))
        units = power_of_two(-exponent(largest), kind)
        lengths = root(squared_norms(seen() * units.astype(values.dtype)[:, None])) / units
        return jnp.where(jnp.isfinite(largest) & jnp.isfinite(lengths), lengths, jnp.inf)

    squared = squared_norms(seen())
    safe = (squared > least_safe(kind)) & (squared <= largest_safe(kind))
    if kept is not None:
        safe |= ~kept
    if zero is not None:
        safe = safe.at[zero].set(jnp.isfinite(squared[zero]))
    return lax.cond(safe.all(), lambda: root(squared), scaled)
