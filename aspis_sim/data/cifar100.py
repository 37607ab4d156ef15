"""CIFAR-100: 50,000 and 10,000 colour images of a hundred kinds of things, 32 × 32, with their fine labels.

Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images" (2009). The sum and size of the binary
archive are those of TensorFlow Datasets (url_checksums/cifar100.txt), the sum of the Python one is that of
torchvision's prototype data sets, its size what downloads of it report. Mean and deviation are the usual
(0.5071, 0.4865, 0.4409) and (0.2673, 0.2564, 0.2762), times 255.
"""

from aspis_sim.data.base import Dataset
from aspis_sim.data.cifar import Layout, read
from aspis_sim.data.files import File, Source

_BASE = "https://www.cs.toronto.edu/~kriz"

_BINARY = Layout(("train.bin",), "test.bin", leading=2)
_PYTHON = Layout(("train",), "test", leading=0, labels="fine_labels")

LAYOUTS = {
    "cifar-100-binary.tar.gz": _BINARY,
    "cifar-100-python.tar.gz": _PYTHON,
    "cifar-100-binary": _BINARY,
    "cifar-100-python": _PYTHON,
}
"""Of the archives, and of the folders that they unpack to."""

SOURCE = Source(
    name="cifar100",
    subfolders=("cifar100", "."),
    needs=(
        (
            File(
                "cifar-100-binary.tar.gz",
                "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
                168_513_733,
                (f"{_BASE}/cifar-100-binary.tar.gz",),
            ),
            File(
                "cifar-100-python.tar.gz",
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
                169_001_437,
                (f"{_BASE}/cifar-100-python.tar.gz",),
            ),
            File("cifar-100-binary", members=_BINARY.members),
            File("cifar-100-python", members=_PYTHON.members),
        ),
    ),
    licence="none stated; its author asks for a citation",
)


def cifar100() -> Dataset:
    """Things in colour, 32 × 32 × 3, a hundred classes, 45,000 / 5,000 / 10,000 images.

    Raises:
        DataError: the archive is missing or damaged.
    """
    return read(
        SOURCE,
        LAYOUTS,
        100,
        mean=(0.5071 * 255, 0.4865 * 255, 0.4409 * 255),
        deviation=(0.2673 * 255, 0.2564 * 255, 0.2762 * 255),
    )
