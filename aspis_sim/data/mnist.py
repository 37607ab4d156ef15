"""MNIST: 60,000 and 10,000 grey images of handwritten digits, 28 × 28.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits" (1998), derived from NIST Special
Databases 1 and 3; Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998).
The sums of the gzip files are those of TensorFlow Datasets (url_checksums/mnist.txt) and of torchvision's prototype
data sets, which agree; those of their content are published by several projects that pin the plain files, which agree.
Mean and deviation are the usual 0.1307 and 0.3081 of the training images.
"""

from aspis_sim.data.base import Dataset
from aspis_sim.data.files import Source
from aspis_sim.data.idx import files, read

SOURCE = Source(
    name="mnist",
    subfolders=("mnist", "MNIST/raw"),
    needs=files(
        {
            "train-images-idx3-ubyte": (
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            "train-labels-idx1-ubyte": (
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            "t10k-images-idx3-ubyte": (
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            "t10k-labels-idx1-ubyte": (
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        },
        ("https://storage.googleapis.com/cvdf-datasets/mnist", "https://ossci-datasets.s3.amazonaws.com/mnist"),
    ),
    licence="CC BY-SA 3.0, as the documentation of Keras states it",
)


def mnist() -> Dataset:
    """Handwritten digits, 28 × 28 grey, ten classes, 54,000 / 6,000 / 10,000 images.

    Raises:
        DataError: a file is missing or damaged.
    """
    return read(SOURCE, mean=0.1307, deviation=0.3081)
