"""CIFAR-10: 50,000 and 10,000 colour images of ten kinds of things, 32 × 32.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009). The sum and size of the binary
archive are those of TensorFlow Datasets (url_checksums/cifar10.txt), the sum of the Python one is that of torchvision's
prototype data sets, its size what downloads of it report. Mean and deviation are those that the code published with
Aspis uses.
"""

from aspis_sim.data.base import Dataset
from aspis_sim.data.cifar import Layout, read
from aspis_sim.data.files import File, Source

_BASE = "https://www.cs.toronto.edu/~kriz"
_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))

_BINARY = Layout(tuple(f"{name}.bin" for name in _TRAIN), "test_batch.bin", leading=1)
_PYTHON = Layout(_TRAIN, "test_batch", leading=0, labels="labels")

LAYOUTS = {
    "cifar-10-binary.tar.gz": _BINARY,
    "cifar-10-python.tar.gz": _PYTHON,
    "cifar-10-batches-bin": _BINARY,
    "cifar-10-batches-py": _PYTHON,
}
"""Of the archives, and of the folders that they unpack to."""

SOURCE = Source(
    name="cifar10",
    subfolders=("cifar10", "."),
    needs=(
        (
            File(
                "cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
                (f"{_BASE}/cifar-10-binary.tar.gz",),
            ),
            File(
                "cifar-10-python.tar.gz",
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                170_498_071,
                (f"{_BASE}/cifar-10-python.tar.gz",),
            ),
            File("cifar-10-batches-bin", members=_BINARY.members),
            File("cifar-10-batches-py", members=_PYTHON.members),
        ),
    ),
    licence="none stated; its author asks for a citation",
)


def cifar10() -> Dataset:
    """Things in colour, 32 × 32 × 3, ten classes, 45,000 / 5,000 / 10,000 images.

    Raises:
        DataError: the archive is missing or damaged.
    """
    return read(SOURCE, LAYOUTS, 10, mean=(125.3, 123.0, 113.9), deviation=(63.0, 62.1, 66.7))
