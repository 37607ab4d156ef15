"""The gradient-equality kernel: which vectors are the same vector.

Two vectors are equal when ``|a - b| <= tolerance * max(|a|, |b|)`` in the Euclidean norm; two zero vectors are
equal; a vector with a NaN or an Inf equals nothing, itself included (Konstantinidis et al., section on the
implementation: tolerance 0 on a CPU, 1e-5 on a GPU; the treatment of non-finite values is ours).

The vectors may come in slices, one after the other and over several devices, so that they never exist whole: only
sums and maxima over the slices are asked for. The squares of a norm can overflow or underflow long before the numbers
do; of float16 and bfloat16 they are added up in float32. Where every norm is in a safe range, three sums of squares
decide; else each pair is first scaled by its largest entry, so that neither decides. (Numbers below the smallest
normal one, 1.2e-38 in float32, count as zero: so the hardware is set.)

The numbers compared are the gradients in the type in which they were computed. Views of one computed value are equal
bit for bit, whatever the type; the tolerance is for copies that were computed apart. What it costs is that a lie can
hide under it: equal is not the same as identical.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

Measure = Callable[[Array, Array], Any]
Fold = Callable[[Measure, Callable[[Array, Array], Array]], Any]
"""``fold(measure, join)`` joins ``measure(first, second)`` over the slices of the rows that this device holds."""


class Compared(NamedTuple):
    """What is known of pairs of vectors.

    Attributes:
        equal: bool ``[n]``.
        first_finite: bool ``[n]``, whether all entries of the first are finite.
        second_finite: bool ``[n]``, or ``[1]`` if all pairs have the same second vector.
        identical: bool ``[n]``, whether they are equal in every entry; with a tolerance more than these are equal.
    """

    equal: Array
    first_finite: Array
    second_finite: Array
    identical: Array


def _same(value: Array) -> Array:
    return value


@dataclass(frozen=True)
class Comparison:
    """How vectors are compared, and how sums and maxima cross the devices when each holds a slice of them.

    Attributes:
        tolerance: relative, 0 for exact equality.
        total: sums a number a vector over the devices that hold its other slices.
        largest: takes the maximum over the same devices, NaN if any is NaN.
    """

    tolerance: float = 0.0
    total: Callable[[Array], Array] = _same
    largest: Callable[[Array], Array] = _same

    def rows(self, first: ArrayLike, second: ArrayLike) -> Compared:
        """Compare rows: float ``[n, d]`` with ``[n, d]`` or ``[1, d]``."""
        a, b = jnp.asarray(first), jnp.asarray(second)
        return self.slices(lambda measure, join: measure(a, b))

    def apart(self, first: Array, second: Array, bound: Array) -> Array:
        """Whether one slice of the rows proves that they are not equal: bool ``[n]``.

        With ``b`` no less than the norm of the first row, ``|x - y|`` of a slice no more than that of the rows, and
        ``max(|a|, |b|) <= |a| + |a - b|``, rows are not equal if ``|x - y| (1 - tolerance) > tolerance b``. Twice as
        much is asked for, so that rounding cannot decide. A slice with a NaN proves nothing.

        Args:
            first: float ``[n, w]``, this device's share of the slice.
            second: float ``[n, w]`` or ``[1, w]``.
            bound: float ``[n]``, no norm of a whole first row is larger.
        """
        difference = jnp.sqrt(self.total(_squares(first - second)))
        return difference * (1 - self.tolerance) > 2 * self.tolerance * bound

    def slices(self, fold: Fold) -> Compared:
        """Compare rows of which ``fold`` gives one slice after the other."""
        norms = fold(lambda a, b: (_squares(a), _squares(b), _squares(a - b)), jnp.add)
        one, other, apart = (self.total(norm) for norm in norms)
        limits = jnp.finfo(one.dtype)

        def same() -> Array:
            return self.largest(fold(lambda a, b: jnp.max(jnp.where(a == b, 0.0, 1.0), axis=-1), jnp.maximum)) == 0

        if self.tolerance == 0:
            every_bit = same()

        def safe(squares: Array) -> Array:
            return jnp.all((squares > limits.tiny / limits.eps**2) & (squares < limits.max / 4))

        def plain() -> tuple[Array, Array, Array]:
            equal = every_bit if self.tolerance == 0 else apart <= self.tolerance**2 * jnp.maximum(one, other)
            return equal, jnp.ones(one.shape, bool), jnp.ones(other.shape, bool)

        def scaled() -> tuple[Array, Array, Array]:
            peaks = fold(lambda a, b: (jnp.max(jnp.abs(a), -1), jnp.max(jnp.abs(b), -1)), jnp.maximum)
            peak, other_peak = (self.largest(part) for part in peaks)
            scale = jnp.maximum(peak, other_peak)
            unit = jnp.where(scale > 0, 1 / jnp.maximum(scale, limits.tiny), 0)[:, None]
            norms = fold(lambda a, b: (_squares(a * unit), _squares(b * unit), _squares(a * unit - b * unit)), jnp.add)
            one, other, apart = (self.total(norm) for norm in norms)
            equal = every_bit if self.tolerance == 0 else apart <= self.tolerance**2 * jnp.maximum(one, other)
            return equal & jnp.isfinite(scale), jnp.isfinite(peak), jnp.isfinite(other_peak)

        equal, first_finite, second_finite = jax.lax.cond(safe(one) & safe(other), plain, scaled)
        identical = equal
        if self.tolerance > 0:
            identical = jax.lax.cond(equal.any(), lambda: equal & same(), lambda: jnp.zeros_like(equal))
        return Compared(equal, first_finite, second_finite, identical)


def _squares(rows: Array) -> Array:
    """Sums of squares, in float32 at least: in bfloat16 they would stop growing after 256 equal terms."""
    kind = jnp.promote_types(rows.dtype, jnp.float32)
    return jnp.einsum("nd,nd->n", rows, rows, preferred_element_type=kind)
