"""The gradient-equality kernel: which copies of each file are the same vector.

Two vectors are equal when ``|a - b| <= tolerance * max(|a|, |b|)`` in the Euclidean norm; two zero vectors are
equal; a vector with a NaN or an Inf equals nothing, itself included (Konstantinidis et al., section on the
implementation: tolerance 0 on a CPU, 1e-5 on a GPU; the treatment of non-finite values is ours). The norms are
taken after scaling by the largest entry, so that neither overflow nor underflow decides.

Copies come in two forms. As *views* each copy of a file is one of two vectors, the honest gradient or the lie,
and ``files x redundancy x parameters`` numbers never exist; as *copies* they do, each computed by its worker.
All functions take ``total``, the sum over the devices of an axis when each holds a slice of the parameters.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array


def _largest(vectors: Array, largest: Callable[[Array], Array]) -> Array:
    return largest(jnp.max(jnp.abs(vectors), axis=-1))


def equal(
    first: Array,
    second: Array,
    tolerance: float,
    total: Callable[[Array], Array] = lambda x: x,
    largest: Callable[[Array], Array] = lambda x: x,
) -> Array:
    """Whether vectors are equal: ``[..., d]`` and ``[..., d]`` (broadcast) -> bool ``[...]``.

    Args:
        first: vectors, the last axis (or this device's slice of it) being the parameters.
        second: as ``first``.
        tolerance: relative, 0 for exact equality.
        total: sums over the devices that hold the other slices.
        largest: takes the maximum over the same devices.
    """
    scale = jnp.maximum(_largest(first, largest), _largest(second, largest))
    finite = jnp.isfinite(scale)
    unit = jnp.where(finite & (scale > 0), 1 / jnp.maximum(scale, jnp.finfo(scale.dtype).tiny), 0)[..., None]
    a, b = first * unit, second * unit
    norms = jnp.maximum(total(jnp.sum(a * a, -1)), total(jnp.sum(b * b, -1)))
    apart = total(jnp.sum((a - b) ** 2, -1))
    return finite & (apart <= tolerance**2 * norms)


def finite(vectors: Array, largest: Callable[[Array], Array] = lambda x: x) -> Array:
    """Whether all entries are finite: ``[..., d]`` -> bool ``[...]``."""
    return jnp.isfinite(_largest(vectors, largest))
