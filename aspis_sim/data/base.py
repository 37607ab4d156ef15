"""What every data set is: arrays in memory, split once and for all into train, validation and test."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A labelled data set.

    Attributes:
        name: the registered name.
        inputs: part of the split -> float32 ``[samples, ...]``.
        labels: part of the split -> int32 ``[samples]`` in ``0 .. classes - 1``.
        classes: number of classes.
        sha256: of the file (or files) it was read from.
    """

    name: str
    inputs: Mapping[str, NDArray[np.float32]]
    labels: Mapping[str, NDArray[np.int32]]
    classes: int
    sha256: str


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
