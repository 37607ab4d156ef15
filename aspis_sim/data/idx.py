"""The IDX format of the MNIST family: big-endian header, then bytes; gzip or plain."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aspis_sim.data.base import REMEDY, Dataset, checked_labels, split_official
from aspis_sim.data.files import File, Source, Stored, joint_sum
from aspis_sim.errors import DataError

SIDE = 28


def files(sums: dict[str, tuple[str, int, str]], bases: tuple[str, ...]) -> tuple[tuple[File, ...], ...]:
    """The four files of a source of this family, each gzip or plain, under the published name or 7-Zip's.

    The name inside the published gzip files, which 7-Zip gives what it unpacks, has a dot in the place of a hyphen:
    ``train-images.idx3-ubyte``. Whatever the name, the content decides.

    Args:
        sums: plain name -> SHA-256 of its content, bytes and SHA-256 of the published gzip.
        bases: addresses that the file name is put behind.
    """
    needs = []
    for name, (content, size, packed) in sums.items():
        header, side = (16, SIDE * SIDE) if "images" in name else (8, 1)
        whole = header + side * (60_000 if name.startswith("train") else 10_000)
        urls = tuple(f"{base}/{name}.gz" for base in bases)
        published = File(f"{name}.gz", content, whole, urls, packed=True, download=(size, packed))
        dotted = name.replace("-idx", ".idx")
        others = (name, f"{dotted}.gz", dotted)
        needs.append((published, *(replace(published, name=one, urls=(), form_of=published.name) for one in others)))
    return tuple(needs)


def read(source: Source, mean: float, deviation: float) -> Dataset:
    """The data set in the four files of ``source``, ten classes, 28 × 28 × 1.

    Raises:
        DataError: a file is missing or damaged, or is no such file.
    """
    stored = source.open()
    parts = []
    for images, labels in (stored[:2], stored[2:]):
        pixels = array(images, 3)
        if pixels.shape[1:] != (SIDE, SIDE):
            raise DataError(f"{images.path}: images of {pixels.shape[1]} × {pixels.shape[2]}, not 28 × 28; {REMEDY}")
        classes = checked_labels(array(labels, 1), len(pixels), 10, str(labels.path))
        parts.append((pixels[..., np.newaxis], classes))
    return split_official(
        source.name,
        parts[0],
        parts[1],
        classes=10,
        sha256=joint_sum(stored),
        mean=(mean * 255,),
        deviation=(deviation * 255,),
    )


def array(stored: Stored, axes: int) -> NDArray[np.uint8]:
    """The bytes of an IDX file with this number of axes.

    Raises:
        DataError: it is none, or its header contradicts its length.
    """
    content = stored.content()
    header = 4 + 4 * axes
    if content[:4] != bytes((0, 0, 8, axes)) or len(content) < header:
        raise DataError(f"{stored.path} is no IDX file of bytes with {axes} axes; {REMEDY}")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", axes, 4))
    if math.prod(shape) != len(content) - header:
        said = " × ".join(f"{size:,}" for size in shape)
        raise DataError(f"{stored.path}: its header says {said} bytes, {len(content) - header:,} follow; {REMEDY}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
