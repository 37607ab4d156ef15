"""SVHN: 73,257 and 26,032 colour images of house numbers' digits, cropped to 32 × 32.

Source: Y. Netzer et al., "Reading Digits in Natural Images with Unsupervised Feature Learning", NIPS Workshop on Deep
Learning and Unsupervised Feature Learning (2011); for non-commercial use. The sums and sizes are those of TensorFlow
Datasets (url_checksums/svhn_cropped.txt); torchvision's prototype data sets publish the same sums. The label of digit 0
is 10 in the files and 0 here. Mean and deviation are the usual (0.4376821, 0.4437697, 0.47280442) and
(0.19803012, 0.20101562, 0.19703614), times 255. The additional training images ("extra") are not used.
"""

import numpy as np
from numpy.typing import NDArray

from aspis_sim.data import mat5
from aspis_sim.data.base import REMEDY, Dataset, checked_labels, split_official
from aspis_sim.data.files import File, Source, Stored, joint_sum
from aspis_sim.errors import DataError

_BASE = "https://ufldl.stanford.edu/housenumbers"

SOURCE = Source(
    name="svhn",
    subfolders=("svhn", "."),
    needs=(
        (
            File(
                "train_32x32.mat",
                "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                182_040_794,
                (f"{_BASE}/train_32x32.mat",),
            ),
        ),
        (
            File(
                "test_32x32.mat",
                "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                64_275_384,
                (f"{_BASE}/test_32x32.mat",),
            ),
        ),
    ),
    licence="non-commercial use only",
)

MOST_IMAGES = 73_257
"""Images of a file, 225 MB: those of the larger official one."""

_AT_ONCE = 1000
"""Images read and turned at a time."""


def svhn() -> Dataset:
    """Digits of house numbers, 32 × 32 × 3, ten classes, 65,932 / 7,325 / 26,032 images.

    Raises:
        DataError: a file is missing or damaged.
    """
    stored = SOURCE.open()
    train, test = (_read(one) for one in stored)
    return split_official(
        "svhn",
        train,
        test,
        classes=10,
        sha256=joint_sum(stored),
        mean=(0.4376821 * 255, 0.4437697 * 255, 0.47280442 * 255),
        deviation=(0.19803012 * 255, 0.20101562 * 255, 0.19703614 * 255),
    )


def _read(stored: Stored) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    images: NDArray[np.uint8] | None = None
    labels: NDArray[np.generic] | None = None
    try:
        with stored.checked() as file:
            for array in mat5.arrays(file, ("X", "y")):
                if (images if array.name == "X" else labels) is not None:
                    raise DataError(f"{array.name} is in it twice")
                if array.name == "X":
                    images = _images(array)
                else:
                    labels = _column(array)
    except DataError as error:
        if str(stored.path) in str(error):
            raise
        raise DataError(f"{stored.path}: {error}; {REMEDY}") from None
    if images is None or labels is None:
        raise DataError(f"{stored.path} lacks {'X' if images is None else 'y'}; {REMEDY}")
    digits = labels.astype(np.int64)
    if ((digits < 1) | (digits > 10) | (digits != labels)).any():
        raise DataError(f"{stored.path}: labels that are none of 1 to 10; {REMEDY}")
    return images, checked_labels(digits % 10, len(images), 10, str(stored.path))


def _images(array: mat5.Array) -> NDArray[np.uint8]:
    """``[samples, 32, 32, 3]`` of X, which holds the columns of a channel of an image one after the other."""
    if array.shape[:3] != (32, 32, 3) or len(array.shape) > 4 or array.kind[1:] != "u1":
        raise DataError(f"X is {' × '.join(map(str, array.shape))}, not bytes of 32 × 32 × 3 × images")
    count = array.shape[3] if len(array.shape) == 4 else 1
    if count > MOST_IMAGES:
        raise DataError(f"X has {count:,} images, more than {MOST_IMAGES:,}")
    images = np.empty((count, 32, 32, 3), np.uint8)
    for begin in range(0, count, _AT_ONCE):
        part = images[begin : begin + _AT_ONCE]
        part[:] = array.values(part.size).reshape(-1, 3, 32, 32).transpose(0, 3, 2, 1)
    return images


def _column(array: mat5.Array) -> NDArray[np.generic]:
    if len(array.shape) != 2 or 1 not in array.shape or max(array.shape) > MOST_IMAGES:
        raise DataError(f"y is {' × '.join(map(str, array.shape))}, not one column of labels")
    return array.values(max(array.shape))
