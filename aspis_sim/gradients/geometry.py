"""The geometry of a convolution of images, and images of few channels seen in blocks of several places of a row."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jax import Array, lax

FEW_CHANNELS = 4
"""Images of so many channels or fewer are seen in blocks: a place of them is too narrow for a product of matrices."""


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

    def blocked(self, block: int) -> Geometry:
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


def padded(inputs: Array, geometry: Geometry) -> Array:
    """Inputs ``[..., height, width, channels]`` with their edges."""
    return jnp.pad(inputs, [*[(0, 0)] * (inputs.ndim - 3), *geometry.edges, (0, 0)])


def in_blocks(padded: Array, geometry: Geometry, block: int) -> Array:
    """Padded inputs, several places of a row as one with their channels."""
    _, blocks = geometry.blocked(block).size
    beyond = blocks * block - padded.shape[-2]
    padded = jnp.pad(padded, [*[(0, 0)] * (padded.ndim - 2), (0, beyond), (0, 0)])
    return padded.reshape(*padded.shape[:-2], blocks, block * geometry.channels)
