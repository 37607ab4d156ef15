"""The derivatives by a convolution's kernel, file by file, from what the window sees.

What the window sees at every place is a row of a matrix, the file's *patches*; their product with the derivatives at
the outputs is the derivative by the kernel. XLA's own is several times slower on a CPU, and it knows no files. The
patches of a few files exist at once and stay in the caches.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log, prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.gradients.geometry import Geometry, in_blocks, padded

PATCH_BYTES = 8_000_000
"""What the patches of a few files may take on a CPU: of more, the caches hold none when they are used."""

ACCELERATOR_PATCH_BYTES = 2**29

A_BLOCK = 4
"""Places of a row in a block, where there are few channels."""


def formed(inputs: Array, deltas: Array, geometry: Geometry, first: Array | int, number: int) -> Array:
    """Some rows of the derivatives by the kernel, those of every file.

    Args:
        inputs: ``[f, samples, height, width, channels]``.
        deltas: ``[f, samples, *out, features]``, the derivatives at the outputs.
        geometry: of the convolution.
        first: the first row, a multiple of ``number``.
        number: how many; it divides the rows of the kernel and is, or divides, a multiple of the channels.

    Returns:
        ``[f, number, features]``.
    """
    one = lambda inputs, deltas: _of_files(inputs, deltas, geometry, first, number).astype(deltas.dtype)  # noqa: E731
    chunks = list(_chunks(len(inputs), geometry, deltas, number))
    made = [_mapped(one, inputs[start:stop], deltas[start:stop], turns) for start, stop, turns in chunks]
    return made[0] if len(made) == 1 else jnp.concatenate(made)


def added(inputs: Array, deltas: Array, geometry: Geometry) -> Array:
    """The sum over the files of their derivatives by the kernel, ``[rows, features]``, in float32 at least.

    It is added up a few files at a time, in an order that does not depend on the number of processors.
    """

    def more(total: Array, some: tuple[Array, Array]) -> tuple[Array, None]:
        return total + _of_files(*some, geometry, 0, geometry.rows).sum(0), None

    total = jnp.zeros((geometry.rows, geometry.features), jnp.promote_types(deltas.dtype, jnp.float32))
    for start, stop, turns in _chunks(len(inputs), geometry, deltas, geometry.rows):
        some = (_cut(inputs[start:stop], turns), _cut(deltas[start:stop], turns))
        total = lax.scan(more, total, some)[0]
    return total


def _mapped(one: Any, inputs: Array, deltas: Array, turns: int) -> Array:
    if turns == 1:
        return one(inputs, deltas)
    made = lax.map(lambda some: one(*some), (_cut(inputs, turns), _cut(deltas, turns)))
    return made.reshape(-1, *made.shape[2:])


def _cut(values: Array, turns: int) -> Array:
    return values.reshape(turns, -1, *values.shape[1:])


def _chunks(files: int, geometry: Geometry, deltas: Array, number: int) -> Iterator[tuple[int, int, int]]:
    """Files whose patches exist at once: (first, last + 1, in how many turns of equal size), and what is left over."""
    most = PATCH_BYTES if jax.default_backend() == "cpu" else ACCELERATOR_PATCH_BYTES
    shape = geometry.blocked(A_BLOCK) if geometry.in_blocks else geometry
    a_file = deltas.shape[1] * prod(shape.out) * (shape.rows if geometry.in_blocks else number)
    at_once = max(1, min(files, most // max(1, a_file * deltas.dtype.itemsize)))
    even = [count for count in range(ceil(at_once / 2), min(files, 2 * at_once) + 1) if files % count == 0]
    at_once = min(even, key=lambda count: abs(log(count / at_once)), default=at_once)
    turns = files // at_once
    yield 0, turns * at_once, turns
    if turns * at_once < files:
        yield turns * at_once, files, 1


def _of_files(inputs: Array, deltas: Array, geometry: Geometry, first: Array | int, number: int) -> Array:
    """Some rows of the derivatives by the kernel of a few files, in float32 at least."""
    if geometry.in_blocks:
        return _of_files_in_blocks(inputs, deltas, geometry, first, number)
    whole = padded(inputs.astype(deltas.dtype), geometry)
    if number == geometry.rows:
        first = 0
    if number < geometry.channels:
        whole = lax.dynamic_slice_in_dim(whole, first % geometry.channels, number, axis=-1)
    places = max(1, number // geometry.channels)
    seen = [_seen(whole, first // geometry.channels + place, geometry) for place in range(places)]
    patches = seen[0] if places == 1 else jnp.concatenate(seen, axis=-1)
    return _products(patches, deltas)


def _of_files_in_blocks(inputs: Array, deltas: Array, geometry: Geometry, first: Array | int, number: int) -> Array:
    blocks = geometry.blocked(A_BLOCK)
    missing = blocks.out[1] * A_BLOCK - geometry.out[1]
    deltas = jnp.pad(deltas, [*[(0, 0)] * (deltas.ndim - 2), (0, missing), (0, 0)])
    deltas = deltas.reshape(*deltas.shape[:-2], blocks.out[1], blocks.features)
    seen = in_blocks(padded(inputs.astype(deltas.dtype), geometry), geometry, A_BLOCK)
    whole = _kernel_from_blocks(_of_files(seen, deltas, blocks, 0, blocks.rows), geometry)
    return whole if number == geometry.rows else lax.dynamic_slice_in_dim(whole, first, number, axis=1)


def _seen(whole: Array, place: Array | int, geometry: Geometry) -> Array:
    """``[f, samples, *out, channels]``, what the window sees at one of its places."""
    out, strides, wide = geometry.out, geometry.strides, geometry.window[1]
    reach = [(count - 1) * stride + 1 for count, stride in zip(out, strides, strict=True)]
    start = (0, 0, place // wide, place % wide, 0)
    some = lax.dynamic_slice(whole, start, (*whole.shape[:2], *reach, whole.shape[-1]))
    return some[:, :, :: strides[0], :: strides[1]]


def _products(patches: Array, deltas: Array) -> Array:
    """The product of each file over its samples and places.

    XLA shares a product's sum out among processors if the sum runs over a leading axis, and that would change its last
    digits with their number. So the patches are turned first, and the barrier keeps that apart from the product.
    """
    patches, deltas = (part.reshape(len(part), -1, part.shape[-1]) for part in (patches, deltas))
    turned = lax.optimization_barrier(jnp.swapaxes(patches, 1, 2))
    wide = jnp.promote_types(deltas.dtype, jnp.float32)
    return jnp.einsum("fip,fpo->fio", turned, deltas, preferred_element_type=wide)


def _kernel_from_blocks(over: Array, geometry: Geometry) -> Array:
    """The derivative by the kernel ``[..., rows, features]`` from that by the kernel over blocks."""
    high, wide = geometry.window
    window = geometry.blocked(A_BLOCK).window[1]
    over = over.reshape(*over.shape[:-2], high, window * A_BLOCK, geometry.channels, A_BLOCK, geometry.features)
    shifted = [over[..., by : by + wide, :, by, :] for by in range(A_BLOCK)]
    return sum(shifted[1:], shifted[0]).reshape(*over.shape[:-5], geometry.rows, geometry.features)
