"""Gaussian classes of any size, made from a seed: nothing has to be downloaded, and the difficulty is a parameter."""

import hashlib
from math import prod

import numpy as np

from aspis_sim.data.base import Dataset
from aspis_sim.errors import InputError

MOST_VALUES = 2_000_000_000
"""Numbers that a made data set may hold, 8 GB."""


def synthetic(
    samples: int = 2000,
    dimension: int | None = None,
    classes: int = 10,
    separation: float = 4.0,
    seed: int = 0,
    height: int | None = None,
    width: int | None = None,
    channels: int | None = None,
) -> Dataset:
    """Gaussian classes: a sample is its class's centre plus standard normal noise in every coordinate.

    Centres are drawn uniformly from the sphere of radius ``separation`` around 0, from a stream of their own, so that
    more samples of the same ``seed`` have the same centres. Classes differ in size by one at most, in random order;
    a fifth of the samples is test, a tenth validation, the rest train. The numbers are NumPy's PCG64 and may change
    between versions of NumPy; ``sha256``, of the inputs and labels, tells. Images are the same numbers in another
    shape: there is nothing in them that a convolution could find.

    Args:
        samples: in all parts together, 10 or more, and no fewer than classes.
        dimension: of a sample, 1 or more; 32 by default.
        classes: 2 or more.
        separation: 0 (no classifier beats chance) or more.
        seed: 0 or more.
        height, width, channels: of samples that are images, in the place of ``dimension``; 1 channel by default.

    Raises:
        InputError: a parameter out of its range, or too large to hold in memory.
    """
    shape = _shape(dimension, height, width, channels)
    dimension = prod(shape)
    for name, value, least in (("samples", samples, 10), ("classes", classes, 2)):
        _whole(name, value, least)
    _whole("seed", seed, 0)
    if samples < classes:
        raise InputError(f"synthetic: {samples} samples for {classes} classes; at least one each, samples={classes}")
    if isinstance(separation, (bool, str)) or separation is None or not 0 <= separation < float("inf"):
        raise InputError(f"synthetic: separation={separation}; it is a number from 0, 4 by default")
    if samples * dimension > MOST_VALUES:
        raise InputError(
            f"synthetic: {samples:,} samples of {dimension:,} numbers are more than {MOST_VALUES:,} numbers; "
            f"try samples={max(10, MOST_VALUES // dimension)}"
        )
    of_centres, of_samples = (np.random.Generator(np.random.PCG64([seed, stream])) for stream in (0, 1))
    centres = of_centres.standard_normal((classes, dimension))
    centres *= separation / np.linalg.norm(centres, axis=1, keepdims=True)
    labels = of_samples.permutation(np.arange(samples, dtype=np.int32) % classes)
    inputs = of_samples.standard_normal((samples, dimension), np.float32)
    inputs += centres.astype(np.float32)[labels]
    test, validation = samples // 5, samples // 10
    ends = {"train": (0, samples - test - validation), "validation": (-test - validation, -test), "test": (-test, None)}
    content = hashlib.sha256(np.ascontiguousarray(inputs, "<f4").data)
    content.update(labels.astype("<i4").tobytes())
    return Dataset(
        name="synthetic",
        inputs={part: inputs[begin:end].reshape(-1, *shape) for part, (begin, end) in ends.items()},
        labels={part: labels[begin:end] for part, (begin, end) in ends.items()},
        classes=classes,
        sha256=content.hexdigest(),
    )


def _shape(dimension: int | None, height: int | None, width: int | None, channels: int | None) -> tuple[int, ...]:
    """The shape of a sample."""
    if height is None and width is None and channels is None:
        given = {"dimension": 32 if dimension is None else dimension}
    elif dimension is not None:
        raise InputError("synthetic: a sample has a dimension, or height, width and channels; leave out one of the two")
    elif height is None or width is None:
        raise InputError("synthetic: images have a height and a width; try height=32:width=32:channels=3")
    else:
        given = {"height": height, "width": width, "channels": 1 if channels is None else channels}
    for name, value in given.items():
        _whole(name, value, 1)
    return tuple(given.values())


def _whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"synthetic: {name}={value}; it is a whole number, {least} or more")
