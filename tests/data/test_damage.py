"""Damaged, forged or absurd sums and IDX files: refused with one message that names the file and what to do."""

import gzip
import os

import numpy as np
import pytest

from aspis_sim.data import load
from aspis_sim.data.base import PARTS, checked_labels
from aspis_sim.data.sums import SUMS
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
BINARY = "cifar-10-binary.tar.gz"


def mnist_with(folder, name, content, packed=True):
    archives.mnist(folder / "mnist")
    path = folder / "mnist" / name
    path.write_bytes(gzip.compress(content) if packed else content)
    archives.listed(path.parent)


def test_another_sum_than_the_published_or_the_listed_one(folder):
    archives.mnist(folder / "mnist")
    sums = folder / "mnist" / SUMS
    with (folder / "mnist" / IMAGES).open("ab") as file:
        file.write(b"\0")
    refused("mnist", IMAGES, "SHA-256", f"by its {SUMS}")
    sums.unlink()
    refused("mnist", IMAGES, "is not the official file", SUMS)
    archives.cifar(folder, BINARY, archives.cifar10_members(python=False))
    (folder / SUMS).unlink()
    refused("cifar10", BINARY, "is not the official file", SUMS)


def test_a_list_of_sums_that_is_none(folder):
    archives.mnist(folder / "mnist")
    (folder / "mnist" / SUMS).write_text("d41d8cd98f00b204e9800998ecf8427e  train-images-idx3-ubyte.gz\n")
    with pytest.raises(DataError, match=f"{SUMS}, line 1: not a line of sha256sum"):
        load("mnist")


def test_a_list_as_sha256sum_writes_it_in_binary_mode(folder):
    archives.mnist(folder / "mnist")
    sums = folder / "mnist" / SUMS
    sums.write_text("# ours\n\n" + sums.read_text().replace("  ", " *"))
    assert load("mnist").classes == 10


@pytest.mark.parametrize("keep", [0, 5, 200, -4])
def test_gzip_cut_short(folder, keep):
    archives.mnist(folder / "mnist")
    path = folder / "mnist" / IMAGES
    path.write_bytes(path.read_bytes()[:keep])
    archives.listed(path.parent)
    refused("mnist", IMAGES)
    (path.parent / SUMS).unlink()
    refused("mnist", IMAGES)


def test_a_file_that_cannot_be_opened(folder):
    archives.mnist(folder / "mnist")
    path = folder / "mnist" / IMAGES
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    refused("mnist", IMAGES, "cannot be read")


IMAGES_60 = archives.pictures(60)[0][..., 0]
WRONG_IDX = {
    "more images said than there": (IMAGES, archives.idx(IMAGES_60)[:-1], "60 × 28 × 28 bytes, 47,039 follow"),
    "fewer images said than there": (IMAGES, archives.idx(IMAGES_60) + b"\0", "47,041 follow"),
    "absurdly many said": (IMAGES, bytes((0, 0, 8, 3)) + b"\xff" * 12, "4,294,967,295"),
    "another size": (IMAGES, archives.idx(IMAGES_60[:, 1:]), "27 × 28, not 28 × 28"),
    "no header": (IMAGES, b"", "no IDX file"),
    "labels instead of images": (IMAGES, archives.idx([1, 2, 3]), "no IDX file of bytes with 3 axes"),
    "another type": (IMAGES, b"\0\0\x0d\x03" + archives.idx(IMAGES_60)[4:], "no IDX file"),
    "fewer labels": (LABELS, archives.idx(np.arange(59) % 10), "59 labels for 60 images"),
    "a label too large": (LABELS, archives.idx([0] * 59 + [10]), "label 10 of image 59 is none of 0 to 9"),
    "a bomb": (IMAGES, bytes(47_040_017), "more than the 47,040,016 bytes"),
}


@pytest.mark.parametrize("wrong", WRONG_IDX.values(), ids=WRONG_IDX.keys())
def test_idx_files_that_contradict_themselves(folder, wrong):
    name, content, said = wrong
    mnist_with(folder, name, content)
    refused("mnist", name, said)


def test_too_few_images_to_split(folder):
    archives.mnist(folder / "mnist", train=1)
    with pytest.raises(DataError, match="1 training and 20 test images cannot be split"):
        load("mnist")
    archives.mnist(folder / "fashion-mnist", train=2)
    assert [len(load("fashion-mnist").labels[part]) for part in PARTS] == [1, 1, 20]


def test_labels_are_checked_at_both_ends():
    assert checked_labels(np.array([0, 9]), 2, 10, "file").dtype == np.int32
    with pytest.raises(DataError, match="file: label -1 of image 1 is none of 0 to 9"):
        checked_labels(np.array([0, -1]), 2, 10, "file")
