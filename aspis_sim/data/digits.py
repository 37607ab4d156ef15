"""The UCI 8x8 digits: 1,797 grey images of handwritten digits, shipped with the package.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository
(1998), doi 10.24432/C50P49, licence CC BY 4.0; these are the 1,797 images of its test portion, pixel values
0 to 16. ``digits.npz`` holds them as uint8 with the class and the part of the split of each image: within every
class a fifth is test, a tenth validation and the rest train (1,259 / 179 / 359), drawn once and stored.
"""

import io
from pathlib import Path

import numpy as np

from aspis_sim.data.base import PARTS, Dataset, checked_bytes

SHA256 = "5475dab4ca40b5e9683f7e8898e16b8b916a6a8c3da8ce3ee248e9d1cbba9578"


def digits() -> Dataset:
    """The UCI 8x8 digits, ten classes, 64 inputs in [0, 1].

    Raises:
        DataError: the shipped file is missing or damaged.
    """
    content = checked_bytes(Path(__file__).with_name("digits.npz"), SHA256)
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        images, labels, split = stored["images"], stored["labels"], stored["split"]
    inputs = images.astype(np.float32) / 16
    chosen = {part: split == code for code, part in enumerate(PARTS)}
    return Dataset(
        name="digits",
        inputs={part: inputs[rows] for part, rows in chosen.items()},
        labels={part: labels[rows].astype(np.int32) for part, rows in chosen.items()},
        classes=10,
        sha256=SHA256,
    )
