"""What every data set is: arrays in memory, split once and for all into train, validation and test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aspis_sim.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = ("train", "validation", "test")

REMEDY = "remove the file and fetch it again (aspis-sim data fetch)"
"""What to do about a file that is damaged."""


@dataclass(frozen=True)
class DatasetTraits:
    """What is known of a data set without reading it.

    Attributes:
        classes: whether its labels are classes, so that there is an accuracy.
        suits: settings that go with it where none are given, such as ``{"model": "linear"}``.
        pixels: whether a sample that is a row of numbers is a square image, one line after the other.
        count: of its classes, where no option says otherwise; 0 if that is not known before it is read.
    """

    classes: bool = True
    suits: Mapping[str, Any] = field(default_factory=dict)
    pixels: bool = False
    count: int = 0


def _constant(value: float) -> NDArray[np.float32]:
    """One number, which broadcasts against everything."""
    import numpy as np

    return np.full((), value, np.float32)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled data set.

    Attributes:
        name: the registered name.
        inputs: part of the split -> uint8 or float32 ``[samples, ...]``, images ``[samples, height, width, channels]``.
        labels: part of the split -> int32 ``[samples]`` in ``0 .. classes - 1``, or float64 without classes.
        classes: number of classes, 0 for a regression.
        sha256: of the file it was read from; of several, of the list of their sums; of what is made, of its content.
        initial: weights to start from, where the data set comes with some.
        full_batch: every step takes all training samples, in their order, split over the files as evenly as they go.
        shift, scale: float32, broadcast against a sample's trailing axes: a model sees `prepared` inputs.
    """

    name: str
    inputs: Mapping[str, NDArray[Any]]
    labels: Mapping[str, NDArray[Any]]
    classes: int
    sha256: str
    initial: NDArray[Any] | None = None
    full_batch: bool = False
    shift: NDArray[np.float32] = field(default_factory=lambda: _constant(0))
    scale: NDArray[np.float32] = field(default_factory=lambda: _constant(1))

    @classmethod
    def from_arrays(
        cls,
        x: Any,
        y: Any,
        *,
        test: float | tuple[Any, Any] = 0.2,
        validation: float = 0.1,
        seed: int = 0,
        relabel: bool = False,
        unit: bool = True,
        normalise: bool = True,
    ) -> Self:
        """A data set of classes from arrays of samples and labels.

        The split depends on the labels, the shares and the seed alone, and gives every part its share of each class, to
        one sample. Samples of a part keep their order.

        Args:
            x: numbers ``[samples, features]``, grey images ``[samples, height, width]`` or images ``[samples, height,
                width, channels]``, of any type of whole numbers or floats.
            y: labels ``[samples]``, whole numbers ``0 .. classes - 1`` of any type.
            test: share of the samples to test on; or ``(x_test, y_test)``, and all of ``x`` is for training and
                validation.
            validation: share of the samples of ``x`` to choose the learning rate on.
            seed: of the split, 0 or more.
            relabel: whether labels may be any numbers or texts, which become 0, 1, ... in sorted order.
            unit: whether a model sees bytes (uint8) divided by 255; without effect where they are normalised.
            normalise: whether a model sees inputs less their mean, divided by their standard deviation, both those of
                the training part: of each channel of images, of each feature, of all values where features are bytes.
                A feature that never changes is 0.

        Raises:
            InputError: what cannot be right: lengths that differ, NaN or Inf in x, values beyond 1e12 (beyond 1e4 where
                they are not normalised), labels that are none of 0 to classes - 1, a single class, a class of which no
                sample is left to train on, shares that leave nothing.
        """
        from aspis_sim.data.arrays import prepare

        how = {"relabel": relabel, "unit": unit, "normalise": normalise}
        return cls("arrays", **prepare(x, y, test=test, validation=validation, seed=seed, **how)._asdict())

    @cached_property
    def white(self) -> float:
        """The largest value of an input, as it is held: that of the type for bytes, else of the training part."""
        import numpy as np

        inputs = self.inputs["train"]
        return float(np.iinfo(np.uint8).max if inputs.dtype == np.uint8 else inputs.max())

    def prepared(self, inputs: Any) -> Any:
        """What a model sees of ``inputs`` ``[samples, ...]``: ``(inputs - shift) / scale`` in float32 (or in float64).

        Works on NumPy and JAX arrays alike, inside compiled functions too, so that images can stay uint8 in memory.
        """
        import numpy as np

        wide = np.dtype(inputs.dtype) == np.float64
        return ((inputs if wide else inputs.astype(np.float32)) - self.shift) / self.scale


def split_official(
    name: str,
    train: tuple[NDArray[np.uint8], NDArray[np.int32]],
    test: tuple[NDArray[np.uint8], NDArray[np.int32]],
    *,
    classes: int,
    sha256: str,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
) -> Dataset:
    """The data set of a source that knows train and test only: the last tenth of train is validation.

    Args:
        name: the registered name.
        train, test: images ``[samples, height, width, channels]`` and labels ``[samples]``.
        classes: number of classes.
        sha256: of what was read.
        mean, deviation: a channel, in the units of the images.

    Raises:
        DataError: a part would be empty.
    """
    import numpy as np

    images, labels = train
    kept = len(images) - max(1, len(images) // 10)
    if kept < 1 or not len(test[0]):
        raise DataError(
            f"{name}: {len(images)} training and {len(test[0])} test images cannot be split into "
            f"{', '.join(PARTS)}; at least 2 and 1 are needed"
        )
    return Dataset(
        name=name,
        inputs={"train": images[:kept], "validation": images[kept:], "test": test[0]},
        labels={"train": labels[:kept], "validation": labels[kept:], "test": test[1]},
        classes=classes,
        sha256=sha256,
        shift=np.array(mean, np.float32),
        scale=np.array(deviation, np.float32),
    )


def checked_labels(labels: NDArray[Any], count: int, classes: int, where: str) -> NDArray[np.int32]:
    """Labels as int32 if there is one for each of ``count`` images and all are in ``0 .. classes - 1``.

    Raises:
        DataError: they are not; names ``where`` they stand.
    """
    import numpy as np

    if labels.shape != (count,):
        raise DataError(f"{where}: {labels.size:,} labels for {count:,} images; {REMEDY}")
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise DataError(
            f"{where}: label {labels[wrong[0]]} of image {wrong[0]} is none of 0 to {classes - 1}; {REMEDY}"
        )
    return labels.astype(np.int32)


def checked_bytes(path: Path, sha256: str) -> bytes:
    """Read ``path`` whole and return its bytes if they have this SHA-256.

    Raises:
        DataError: the file is missing or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"data file {path} cannot be read ({error.strerror}); reinstall aspis-sim") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(f"data file {path} is damaged: SHA-256 {found[:16]}…, expected {sha256[:16]}…")
    return content
