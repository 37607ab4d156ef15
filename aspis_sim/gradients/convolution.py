"""Convolutions of images on a CPU: their outputs, and the derivatives by their inputs.

XLA's own convolutions are quick on accelerators. On a CPU, a derivative by the inputs is slow where the kernel is
turned only in name or the window moves by strides, and images of few channels are slow altogether. So here

* the derivative by the inputs is a convolution of the outputs' derivatives with the kernel, really turned; with strides
  it is one for each remainder of a place by the stride, none of which multiplies by zeros;
* images of few channels are seen in blocks of places of a row, as images with as many times the channels: a kernel over
  blocks holds the kernel once for each place of a block, shifted.
"""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.gradients.geometry import Geometry, geometry_of, in_blocks, is_plain, padded
from aspis_sim.gradients.patches import formed

A_BLOCK = 2
"""Places of a row in a block."""

WIDE = 5
"""Kernels as wide as this are worth blocks."""

FEWEST = 8
"""Features of a convolution. XLA shares the sums of one with fewer out among processors, which changes last digits."""


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
    if not (geometry.in_blocks and geometry.window[1] >= WIDE):
        return _convolution(inputs, kernel, geometry.strides, geometry.edges)
    seen = in_blocks(padded(inputs, geometry), geometry, A_BLOCK)
    made = _convolution(seen, _kernel_of_blocks(kernel, geometry, A_BLOCK))
    made = made.reshape(*made.shape[:-2], made.shape[-2] * A_BLOCK, geometry.features)
    return made[..., : geometry.out[1], :]


def _forwards(inputs: Array, kernel: Array, geometry: Geometry) -> tuple[Array, tuple[Array, Array]]:
    return convolve(inputs, kernel, geometry), (inputs, kernel)


def _backwards(geometry: Geometry, kept: tuple[Array, Array], deltas: Array) -> tuple[Array, Array]:
    inputs, kernel = kept
    by_kernel = formed(inputs[None], deltas[None], geometry, 0, geometry.rows)
    return _by_inputs(kernel, deltas, geometry), by_kernel.reshape(kernel.shape)


convolve.defvjp(_forwards, _backwards)


def _convolution(inputs: Array, kernel: Array, strides: Any = (1, 1), edges: Any = ((0, 0), (0, 0))) -> Array:
    named, features = ("NHWC", "HWIO", "NHWC"), kernel.shape[-1]
    kernel = jnp.pad(kernel, [(0, 0)] * 3 + [(0, max(0, FEWEST - features))])
    return lax.conv_general_dilated(inputs, kernel, strides, edges, dimension_numbers=named)[..., :features]


def _by_inputs(kernel: Array, deltas: Array, geometry: Geometry) -> Array:
    """The derivative by the inputs: of each remainder of a place by the strides, what reaches it from the outputs."""
    (down, right), (high, wide), out = geometry.strides, geometry.window, geometry.out
    reach = (out[0] + ceil(high / down) - 1, out[1] + ceil(wide / right) - 1)
    line = lambda row: [_spread(kernel[row::down, column::right], deltas, reach) for column in range(right)]  # noqa: E731
    lines = [jnp.stack(line(row), axis=3) for row in range(down)]
    whole = jnp.stack(lines, axis=2).reshape(len(deltas), reach[0] * down, reach[1] * right, geometry.channels)
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


def _within(whole: Array, geometry: Geometry) -> Array:
    """Inputs without their edges; zeros for those that no window reaches."""
    for axis, size, (before, _) in zip((1, 2), geometry.size, geometry.edges, strict=True):
        beyond = max(0, before + size - whole.shape[axis])
        whole = jnp.pad(whole, [(0, beyond if one == axis else 0) for one in range(whole.ndim)])
        whole = lax.slice_in_dim(whole, before, before + size, axis=axis)
    return whole


def _kernel_of_blocks(kernel: Array, geometry: Geometry, block: int) -> Array:
    """The kernel over blocks: place by place of a block of outputs, the kernel that much further to the right."""
    high, wide = geometry.window
    window = geometry.blocked(block).window[1]
    room = window * block - wide
    shifted = [jnp.pad(kernel, [(0, 0), (by, room - by), (0, 0), (0, 0)]) for by in range(block)]
    return jnp.stack(shifted, axis=3).reshape(high, window, block * geometry.channels, -1)
