"""Residual networks for small images (He, Zhang, Ren and Sun, 2016): what those with basic blocks have in common."""

import flax.linen as nn
from jax import Array

from aspis_sim.errors import InputError
from aspis_sim.models.base import STATISTICS, Model
from aspis_sim.models.images import check_images

NORMS = ("group", "batch")


def _normed(parent: nn.Module, norm: str, groups: int, inputs: Array) -> Array:
    """Inputs normalised by a layer of ``parent``."""
    if norm == "group":
        return nn.GroupNorm(groups, epsilon=1e-5)(inputs)
    scored = not parent.is_mutable_collection(STATISTICS)
    return nn.BatchNorm(scored, momentum=0.9, epsilon=1e-5, use_fast_variance=False)(inputs)


class _Block(nn.Module):
    """Two convolutions of 3 x 3 beside a shortcut, which is a convolution of 1 x 1 where the shape changes."""

    width: int
    stride: int
    norm: str
    groups: int

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        strides = (self.stride, self.stride)
        hidden = nn.Conv(self.width, (3, 3), strides, padding=1, use_bias=False)(inputs)
        hidden = nn.relu(_normed(self, self.norm, self.groups, hidden))
        hidden = nn.Conv(self.width, (3, 3), padding=1, use_bias=False)(hidden)
        hidden = _normed(self, self.norm, self.groups, hidden)
        if self.stride > 1 or inputs.shape[-1] != self.width:
            inputs = nn.Conv(self.width, (1, 1), strides, padding=0, use_bias=False)(inputs)
            inputs = _normed(self, self.norm, self.groups, inputs)
        return nn.relu(hidden + inputs)


class _ResNet(nn.Module):
    name_of_model: str
    classes: int
    widths: tuple[int, ...]
    blocks: int
    norm: str
    groups: int

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        check_images(self.name_of_model, inputs)
        hidden = nn.Conv(self.widths[0], (3, 3), padding=1, use_bias=False)(inputs)
        hidden = nn.relu(_normed(self, self.norm, self.groups, hidden))
        for stage, width in enumerate(self.widths):
            for block in range(self.blocks):
                hidden = _Block(width, 2 if stage and not block else 1, self.norm, self.groups)(hidden)
        return nn.Dense(self.classes)(hidden.mean((1, 2)))


def resnet(name: str, classes: int, width: int, stages: int, blocks: int, norm: str, groups: int) -> Model:
    """A residual network whose stages have ``width``, twice, four times ... as many channels.

    Raises:
        InputError: the width is no positive multiple of the groups, or the norm is not known.
    """
    if norm not in NORMS:
        raise InputError(f"model {name}: norm={norm}; it is {' or '.join(NORMS)}")
    for option, value in (("width", width), ("groups", groups)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"model {name}: {option}={value}; it is a whole number, 1 or more")
    if norm == "group" and width % groups:
        raise InputError(
            f"model {name}: width={width} channels do not split into groups={groups} of equal size; "
            f"try width={groups * -(-width // groups)}"
        )
    return Model(_ResNet(name, classes, tuple(width * 2**stage for stage in range(stages)), blocks, norm, groups))
