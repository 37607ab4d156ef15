"""The gradient-equality kernel: which vectors are the same vector.

Two vectors are equal when ``|a - b| <= tolerance * max(|a|, |b|)`` in the Euclidean norm; two zero vectors are
equal; a vector with a NaN or an Inf equals nothing, itself included (Konstantinidis et al., section on the
implementation: tolerance 0 on a CPU, 1e-5 on a GPU; the treatment of non-finite values is ours).

The squares of a norm can overflow or underflow long before the numbers do. Where every norm is in a safe range, three
sums of squares decide; else each pair is first scaled by its largest entry, so that neither decides. (Numbers below
the smallest normal one, 1.2e-38 in float32, count as zero: so the hardware is set.)
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array


def _same(value: Array) -> Array:
    return value


@dataclass(frozen=True)
class Comparison:
    """How vectors are compared, and how sums and maxima cross the devices when each holds a slice of them.

    Attributes:
        tolerance: relative, 0 for exact equality.
        total: sums a number a vector over the devices that hold its other slices.
        largest: takes the maximum over the same devices, NaN if any is NaN.
        chunk: rows compared at a time, None for all at once; bounds the temporaries to ``chunk x d`` numbers.
    """

    tolerance: float = 0.0
    total: Callable[[Array], Array] = _same
    largest: Callable[[Array], Array] = _same
    chunk: int | None = None

    def finite(self, rows: Array) -> Array:
        """Whether all entries of each row are finite: float ``[n, d]`` -> bool ``[n]``."""
        norms_finite = jnp.isfinite(self._squares(rows))
        return jax.lax.cond(norms_finite.all(), lambda: norms_finite, lambda: jnp.isfinite(self._peak(rows)))

    def equal(self, first: Array, second: Array) -> Array:
        """Whether rows are equal: float ``[n, d]`` and ``[n, d]`` or ``[1, d]`` -> bool ``[n]``."""
        if self.chunk is None or self.chunk >= len(first):
            return self._equal(first, second)
        if len(second) == 1:
            return self._in_chunks(lambda rows: self._equal(rows, second), first)
        return self._in_chunks(self._equal, first, second)

    def _equal(self, first: Array, second: Array) -> Array:
        if self.tolerance == 0:
            apart = self.largest(jnp.max(jnp.where(first == second, 0.0, 1.0), axis=-1))
            return (apart == 0) & jnp.isfinite(self._peak(first))
        one, other = self._squares(first), self._squares(second)
        limits = jnp.finfo(first.dtype)

        def safe(squares: Array) -> Array:
            return jnp.all((squares > limits.tiny / limits.eps**2) & (squares < limits.max / 4))

        def plain() -> Array:
            return self._squares(first - second) <= self.tolerance**2 * jnp.maximum(one, other)

        def scaled() -> Array:
            scale = jnp.maximum(self._peak(first), self._peak(second))
            unit = jnp.where(scale > 0, 1 / jnp.maximum(scale, limits.tiny), 0)[:, None]
            a, b = first * unit, second * unit
            norm = jnp.maximum(self._squares(a), self._squares(b))
            return jnp.isfinite(scale) & (self._squares(a - b) <= self.tolerance**2 * norm)

        return jax.lax.cond(safe(one) & safe(other), plain, scaled)

    def _squares(self, rows: Array) -> Array:
        return self.total(jnp.einsum("nd,nd->n", rows, rows))

    def _peak(self, rows: Array) -> Array:
        return self.largest(jnp.max(jnp.abs(rows), axis=-1))

    def _in_chunks(self, function: Callable[..., Array], *rows: Array) -> Array:
        assert self.chunk is not None
        count = len(rows[0])
        padded = [jnp.pad(part, ((0, -count % self.chunk), (0, 0)), mode="edge") for part in rows]
        chunks = tuple(part.reshape(-1, self.chunk, part.shape[1]) for part in padded)
        return jax.lax.map(lambda parts: function(*parts), chunks).reshape(-1)[:count]
