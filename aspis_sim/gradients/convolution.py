"""Convolutions of images as products of matrices: their outputs, the derivatives by their inputs and by their kernels.

XLA's own convolutions are quick on accelerators. On a CPU, three of four kinds are slow: a derivative by the inputs
whose kernel is turned only in name, one that goes over strides, and every derivative by the kernel. So here

* the derivative by the inputs is a convolution of the outputs' derivatives with the turned kernel; with strides it is
  one for each remainder of a place by the stride, none of which multiplies by zeros;
* the derivative by the kernel of a file is a product of its *patches* (what the window sees at every place) with the
  derivatives at the outputs, a few files at once, whose patches stay in the caches;
* images of few channels are seen in *blocks* of several places of a row, as images with as many times the channels: a
  kernel over blocks holds the kernel once for each place of a block, shifted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil, prod
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array, lax

PATCH_BYTES = 8_000_000
"""What the patches of a few files may take on a CPU: of more, the caches hold none when they are used."""

ACCELERATOR_PATCH_BYTES = 2**29

FEW_CHANNELS = 4
"""Images of so many channels or fewer are seen in blocks."""

A_BLOCK = 4
"""Places of a row in a block, for the derivatives by the kernel."""

A_BLOCK_FORWARDS = 2
"""Places of a row in a block, for the outputs."""

WIDE_FORWARDS = 5
"""Kernels as wide as this are worth blocks for the outputs as well."""


@dataclass(frozen=True)
class Geometry:
    """A convolution of images ``[..., height, width, channels]`` to ``[..., out[0], out[1], features]``.

    Attributes:
        window: height and width of the kernel.
        strides: steps down and to the right.
        edges: zeros above and below, left and right.
        size: height and width of the inputs.
        channels: of the inputs.
        features: of the outputs.
    """

    window: tuple[int, int]
    strides: tuple[int, int]
    edges: tuple[tuple[int, int], tuple[int, int]]
    size: tuple[int, int]
    channels: int
    features: int

    @property
    def out(self) -> tuple[int, int]:
        """Height and width of the outputs."""
        whole = [size + sum(edge) for size, edge in zip(self.size, self.edges, strict=True)]
        sides = zip(whole, self.window, self.strides, strict=True)
        return tuple((side - window) // stride + 1 for side, window, stride in sides)  # type: ignore[return-value]

    @property
    def rows(self) -> int:
        """Of the kernel as a matrix: a row is a place in the window and an input channel."""
        return prod(self.window) * self.channels

    @property
    def in_blocks(self) -> bool:
        """Whether the images have so few channels that they are seen in blocks."""
        return self.channels <= FEW_CHANNELS and self.strides == (1, 1) and self.window[1] > 1

    def blocked(self, block: int = A_BLOCK) -> Geometry:
        """The same convolution over blocks of places, on inputs that have their edges."""
        count, height = ceil(self.out[1] / block), self.size[0] + sum(self.edges[0])
        window = ceil((block + self.window[1] - 1) / block)
        size = (height, count + window - 1)
        wider = (block * self.channels, block * self.features)
        return Geometry((self.window[0], window), (1, 1), ((0, 0), (0, 0)), size, *wider)


def is_plain(module: nn.Module, dimensions: int) -> bool:
    """Whether a layer is a convolution of images ``[n, height, width, channels]`` without groups, dilation, masks."""
    one = (None, 1, (1, 1))
    return (
        isinstance(module, nn.Conv)
        and dimensions == 4
        and module.input_dilation in one
        and module.kernel_dilation in one
        and module.feature_group_count == 1
        and module.mask is None
        and (module.padding in ("SAME", "VALID") or not isinstance(module.padding, str))
    )


def geometry_of(module: nn.Conv, inputs: tuple[int, ...]) -> Geometry:
    """The geometry of a plain convolution on inputs of a shape ``(..., height, width, channels)``."""
    height, width, channels = inputs[-3:]
    window, strides = _pair(module.kernel_size), _pair(module.strides)
    if isinstance(module.padding, str):
        edges = lax.padtype_to_pads((height, width), window, strides, module.padding)
    else:
        given = module.padding
        edges = [(given, given)] * 2 if isinstance(given, int) else [_pair(edge) for edge in given]
    (above, below), (left, right) = edges
    return Geometry(window, strides, ((above, below), (left, right)), (height, width), channels, module.features)


def _pair(value: Any) -> tuple[int, int]:
    return (1, 1) if value is None else (value, value) if isinstance(value, int) else tuple(value)


def in_quick_convolutions() -> Any:
    """Within it, flax's plain convolutions are those of this module on a CPU."""

    def intercept(call: Any, given: tuple, named: dict, context: Any) -> Any:
        return call(*given, **named) if (made := outputs_of(context, given)) is None else made

    return nn.intercept_methods(intercept)


def outputs_of(context: Any, given: tuple) -> Array | None:
    """What a layer that flax is about to call makes of its inputs; None where flax does it as well or better."""
    module = context.module
    if jax.default_backend() != "cpu" or context.method_name != "__call__" or not given:
        return None
    (inputs, *_) = given
    if not is_plain(module, inputs.ndim) or module.dtype is not None or module.is_initializing():
        return None
    own = module.variables["params"]
    if any(part.dtype != inputs.dtype for part in jax.tree.leaves(own)):
        return None
    made = convolve(inputs, own["kernel"], geometry_of(module, inputs.shape))
    return made + own["bias"] if "bias" in own else made


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolve(inputs: Array, kernel: Array, geometry: Geometry) -> Array:
    """A convolution of images ``[n, height, width, channels]`` with a kernel as flax holds it."""
    if not (geometry.in_blocks and geometry.window[1] >= WIDE_FORWARDS):
        return _convolution(inputs, kernel, geometry.strides, geometry.edges)
    seen = _in_blocks(_padded(inputs, geometry), geometry, A_BLOCK_FORWARDS)
    made = _convolution(seen, _kernel_of_blocks(kernel, geometry, A_BLOCK_FORWARDS))
    made = made.reshape(*made.shape[:-2], made.shape[-2] * A_BLOCK_FORWARDS, geometry.features)
    return made[..., : geometry.out[1], :]


def _forwards(inputs: Array, kernel: Array, geometry: Geometry) -> tuple[Array, tuple[Array, Array]]:
    return convolve(inputs, kernel, geometry), (inputs, kernel)


def _backwards(geometry: Geometry, kept: tuple[Array, Array], deltas: Array) -> tuple[Array, Array]:
    inputs, kernel = kept
    by_kernel = formed(inputs[None], deltas[None], geometry, 0, geometry.rows)
    return _by_inputs(kernel, deltas, geometry), by_kernel.reshape(kernel.shape)


convolve.defvjp(_forwards, _backwards)


def _convolution(inputs: Array, kernel: Array, strides: Any = (1, 1), edges: Any = ((0, 0), (0, 0))) -> Array:
    named = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(inputs, kernel, strides, edges, dimension_numbers=named)


def _by_inputs(kernel: Array, deltas: Array, geometry: Geometry) -> Array:
    """The derivative by the inputs: of each remainder of a place by the strides, what reaches it from the outputs."""
    (down, right), (high, wide), out = geometry.strides, geometry.window, geometry.out
    reach = (out[0] + ceil(high / down) - 1, out[1] + ceil(wide / right) - 1)
    lines = []
    for row in range(down):
        line = []
        for column in range(right):
            line.append(_spread(kernel[row::down, column::right], deltas, reach))
        lines.append(jnp.stack(line, axis=3))
    whole = jnp.stack(lines, axis=2) if down * right > 1 else lines[0]
    whole = whole.reshape(len(deltas), reach[0] * down, reach[1] * right, geometry.channels)
    return _within(whole, geometry)


def _spread(kernel: Array, deltas: Array, reach: tuple[int, int]) -> Array:
    """What reaches every place from the outputs through a kernel; nothing, where it is empty."""
    high, wide = kernel.shape[:2]
    if not (high and wide):
        return jnp.zeros((len(deltas), *reach, kernel.shape[2]), deltas.dtype)
    sides = zip(reach, deltas.shape[1:3], (high, wide), strict=True)
    edges = [(window - 1, side - out) for side, out, window in sides]
    turned = lax.optimization_barrier(jnp.swapaxes(kernel, 2, 3)[::-1, ::-1])
    return _convolution(deltas, turned, edges=edges)


def _within(padded: Array, geometry: Geometry) -> Array:
    """Inputs without their edges; zeros for those that no window reaches."""
    for axis, size, (before, _) in zip((1, 2), geometry.size, geometry.edges, strict=True):
        beyond = max(0, before + size - padded.shape[axis])
        padded = jnp.pad(padded, [(0, beyond if one == axis else 0) for one in range(padded.ndim)])
        padded = lax.slice_in_dim(padded, before, before + size, axis=axis)
    return padded


def _padded(inputs: Array, geometry: Geometry) -> Array:
    """Inputs ``[..., height, width, channels]`` with their edges."""
    return jnp.pad(inputs, [*[(0, 0)] * (inputs.ndim - 3), *geometry.edges, (0, 0)])


def _in_blocks(padded: Array, geometry: Geometry, block: int) -> Array:
    """Padded inputs, several places of a row as one with their channels."""
    _, blocks = geometry.blocked(block).size
    beyond = blocks * block - padded.shape[-2]
    padded = jnp.pad(padded, [*[(0, 0)] * (padded.ndim - 2), (0, beyond), (0, 0)])
    return padded.reshape(*padded.shape[:-2], blocks, block * geometry.channels)


def _kernel_of_blocks(kernel: Array, geometry: Geometry, block: int) -> Array:
    """The kernel over blocks: place by place of a block of outputs, the kernel that much further to the right."""
    high, wide = geometry.window
    window = geometry.blocked(block).window[1]
    room = window * block - wide
    shifted = [jnp.pad(kernel, [(0, 0), (by, room - by), (0, 0), (0, 0)]) for by in range(block)]
    return jnp.stack(shifted, axis=3).reshape(high, window, block * geometry.channels, -1)


def _kernel_from_blocks(over: Array, geometry: Geometry) -> Array:
    """The derivative by the kernel ``[..., rows, features]`` from that by the kernel over blocks."""
    high, wide = geometry.window
    window = geometry.blocked().window[1]
    over = over.reshape(*over.shape[:-2], high, window * A_BLOCK, geometry.channels, A_BLOCK, geometry.features)
    shifted = [over[..., by : by + wide, :, by, :] for by in range(A_BLOCK)]
    return sum(shifted[1:], shifted[0]).reshape(*over.shape[:-5], geometry.rows, geometry.features)


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
        total = lax.scan(more, total, tuple(_cut(part[start:stop], turns) for part in (inputs, deltas)))[0]
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
    shape = geometry.blocked() if geometry.in_blocks else geometry
    a_file = deltas.shape[1] * prod(shape.out) * (shape.rows if geometry.in_blocks else number)
    at_once = max(1, min(files, most // max(1, a_file * deltas.dtype.itemsize)))
    even = [count for count in range(at_once, at_once // 2, -1) if files % count == 0]
    at_once = even[0] if even else at_once
    turns = files // at_once
    yield 0, turns * at_once, turns
    if turns * at_once < files:
        yield turns * at_once, files, 1


def _of_files(inputs: Array, deltas: Array, geometry: Geometry, first: Array | int, number: int) -> Array:
    """Some rows of the derivatives by the kernel of a few files, in float32 at least."""
    if geometry.in_blocks:
        return _of_files_in_blocks(inputs, deltas, geometry, first, number)
    padded = _padded(inputs.astype(deltas.dtype), geometry)
    if number == geometry.rows:
        first = 0
    if number < geometry.channels:
        padded = lax.dynamic_slice_in_dim(padded, first % geometry.channels, number, axis=-1)
    places = max(1, number // geometry.channels)
    seen = [_seen(padded, first // geometry.channels + place, geometry) for place in range(places)]
    patches = seen[0] if places == 1 else jnp.concatenate(seen, axis=-1)
    return _products(patches, deltas)


def _of_files_in_blocks(
    inputs: Array, deltas: Array, geometry: Geometry, first: Array | int, number: int
) -> Array:
    blocks = geometry.blocked()
    missing = blocks.out[1] * A_BLOCK - geometry.out[1]
    deltas = jnp.pad(deltas, [*[(0, 0)] * (deltas.ndim - 2), (0, missing), (0, 0)])
    deltas = deltas.reshape(*deltas.shape[:-2], blocks.out[1], blocks.features)
    padded = _in_blocks(_padded(inputs.astype(deltas.dtype), geometry), geometry, A_BLOCK)
    whole = _kernel_from_blocks(_of_files(padded, deltas, blocks, 0, blocks.rows), geometry)
    return whole if number == geometry.rows else lax.dynamic_slice_in_dim(whole, first, number, axis=1)


def _seen(padded: Array, place: Array | int, geometry: Geometry) -> Array:
    """``[f, samples, *out, channels]``, what the window sees at one of its places."""
    out, strides, wide = geometry.out, geometry.strides, geometry.window[1]
    reach = [(count - 1) * stride + 1 for count, stride in zip(out, strides, strict=True)]
    start = (0, 0, place // wide, place % wide, 0)
    some = lax.dynamic_slice(padded, start, (*padded.shape[:2], *reach, padded.shape[-1]))
    return some[:, :, :: strides[0], :: strides[1]]


def _products(patches: Array, deltas: Array) -> Array:
    """The product of each file over its samples and places."""
    patches, deltas = (part.reshape(len(part), -1, part.shape[-1]) for part in (patches, deltas))
    wide = jnp.promote_types(deltas.dtype, jnp.float32)
    return jnp.einsum("fpi,fpo->fio", patches, deltas, preferred_element_type=wide)
