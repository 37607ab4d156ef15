"""Fashion-MNIST: 60,000 and 10,000 grey images of clothes, 28 × 28, in the format of MNIST.

Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms", arXiv 1708.07747 (2017), licence MIT. The sums of the gzip files are those of TensorFlow Datasets
(url_checksums/fashion_mnist.txt) and of torchvision's prototype data sets, which agree. Those of their content were
computed from Debian's package dataset-fashion-mnist, which compresses the files anew, and are the same that projects
publish which derived them from the official archives. Mean and deviation, 0.2860 and 0.3530, are of the 60,000
training images.
"""

from aspis_sim.data.base import Dataset
from aspis_sim.data.files import Source
from aspis_sim.data.idx import files, read

SOURCE = Source(
    name="fashion-mnist",
    subfolders=("fashion-mnist", "FashionMNIST/raw"),
    needs=files(
        {
            "train-images-idx3-ubyte": (
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            "train-labels-idx1-ubyte": (
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            "t10k-images-idx3-ubyte": (
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            "t10k-labels-idx1-ubyte": (
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        },
        (
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
        ),
    ),
    licence="MIT",
    note="or on Debian apt-get install dataset-fashion-mnist",
)


def fashion_mnist() -> Dataset:
    """Clothes, 28 × 28 grey, ten classes, 54,000 / 6,000 / 10,000 images.

    Raises:
        DataError: a file is missing or damaged.
    """
    return read(SOURCE, mean=0.2860, deviation=0.3530)
