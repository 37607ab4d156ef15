"""The two official archives of CIFAR-10 and CIFAR-100, binary and Python, read to the same arrays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.data.base import REMEDY, Dataset, checked_labels, split_official
from aspis_sim.data.files import Source, Stored, joint_sum
from aspis_sim.data.safe_pickle import INTEGERS, Array, batch
from aspis_sim.data.tar_stream import members
from aspis_sim.errors import DataError

PIXELS = 3 * 32 * 32
MOST_IMAGES = 50_000
"""Images in one member of an archive, and room for the rest of a pickle besides."""

Rows = tuple[NDArray[np.uint8], NDArray[np.int32]]


@dataclass(frozen=True)
class Layout:
    """How an archive is laid out.

    Attributes:
        train: names of the members with training images, in order.
        test: name of the member with test images.
        leading: of a binary row, the bytes before the pixels, the last of which is the label; 0 for a pickle.
        labels: a pickle's key of the labels.
    """

    train: tuple[str, ...]
    test: str
    leading: int
    labels: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        """Names of all members that are read."""
        return (*self.train, self.test)

    def limits(self) -> dict[str, int]:
        """Member -> most bytes it may have."""
        return dict.fromkeys(self.members, MOST_IMAGES * (PIXELS + 100) + 100_000)


def read(
    source: Source, layouts: dict[str, Layout], classes: int, mean: tuple[float, ...], deviation: tuple[float, ...]
) -> Dataset:
    """The data set in an archive of ``source``, 32 × 32 × 3.

    Args:
        source: whose archive is read.
        layouts: name of an archive, or of the folder that it unpacks to -> its layout.
        classes: number of classes.
        mean, deviation: a channel, in units of 0 to 255.

    Raises:
        DataError: the archive is missing or damaged, or holds something else.
    """
    (stored,) = source.open()
    layout = layouts[stored.file.name]
    files = stored.members() if stored.file.members else [stored]
    contents = _whole(files, layout.limits()) if stored.file.members else members(stored, layout.limits())
    parts = {name: _rows(stored, name, content, layout, classes) for name, content in contents}
    train = [parts.pop(name) for name in layout.train]
    images, labels = (np.concatenate(several) for several in zip(*train, strict=True))
    return split_official(
        source.name,
        (images, labels),
        parts[layout.test],
        classes=classes,
        sha256=joint_sum(files),
        mean=mean,
        deviation=deviation,
    )


def _whole(files: Sequence[Stored], limits: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files of an unpacked archive."""
    for one in files:
        with one.checked() as file:
            content = file.read(limits[one.file.name] + 1)
        if len(content) > limits[one.file.name]:
            raise DataError(f"{one.path} has more than {limits[one.file.name]:,} bytes; {REMEDY}")
        yield one.file.name, content


def _rows(stored: Stored, name: str, content: bytes, layout: Layout, classes: int) -> Rows:
    where = f"{stored.path}: {name}"
    pixels: NDArray[np.uint8]
    labels: NDArray[Any]
    if layout.leading:
        width = layout.leading + PIXELS
        if len(content) % width:
            raise DataError(f"{where} has {len(content):,} bytes, no whole number of rows of {width:,}; {REMEDY}")
        table = np.frombuffer(content, np.uint8).reshape(-1, width)
        pixels, labels = table[:, layout.leading :], table[:, layout.leading - 1]
    else:
        pixels, labels = _unpickled(where, content, layout.labels)
    images = np.ascontiguousarray(pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return images, checked_labels(labels, len(images), classes, where)


def _unpickled(where: str, content: bytes, key: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    try:
        found = batch(content)
    except DataError as error:
        raise DataError(f"{where}: {error}; {REMEDY}") from None
    pixels, labels = found.get("data"), found.get(key)
    if not isinstance(pixels, Array) or not isinstance(labels, (list, Array)):
        raise DataError(f"{where} has no data and {key}; {REMEDY}")
    try:
        images = pixels.values(2, ("u1",), "bytes in rows and columns")
        if isinstance(labels, Array):
            return _of_width(images, where), labels.values(1, INTEGERS, "whole numbers").astype(np.int64)
    except DataError as error:
        raise DataError(f"{where}: {error}; {REMEDY}") from None
    if not all(type(label) is int and abs(label) < 2**31 for label in labels):
        raise DataError(f"{where}: {key} are not all whole numbers; {REMEDY}")
    return _of_width(images, where), np.array(labels, np.int64)


def _of_width(pixels: NDArray[np.uint8], where: str) -> NDArray[np.uint8]:
    if pixels.shape[1] != PIXELS:
        raise DataError(f"{where}: rows of {pixels.shape[1]:,} bytes, not {PIXELS:,}; {REMEDY}")
    return pixels
