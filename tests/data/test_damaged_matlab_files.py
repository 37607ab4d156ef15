"""SVHN's MATLAB files that are damaged, or hold other arrays: refused with one message that names the file."""

import io
from contextlib import suppress

import numpy as np
import pytest

from aspis_sim.data import mat5
from aspis_sim.errors import DataError
from tests.data import archives
from tests.data.refusals import refused

MATLAB = {
    "another size": ({"X": np.zeros((28, 28, 3, 60), np.uint8)}, "X is 28 × 28 × 3 × 60"),
    "no bytes": ({"X": np.zeros((32, 32, 3, 60))}, "not bytes of 32 × 32 × 3"),
    "text": ({"X": "images"}, "X is no array of numbers"),
    "complex": ({"y": np.ones((60, 1)) * 1j}, "y holds complex numbers"),
    "fewer labels": ({"y": np.ones((59, 1), np.uint8)}, "59 labels for 60 images"),
    "labels in a square": ({"y": np.ones((30, 2), np.uint8)}, "y is 30 × 2"),
    "label 0": ({"y": np.zeros((60, 1), np.uint8)}, "none of 1 to 10"),
    "label 11": ({"y": np.full((60, 1), 11, np.uint8)}, "none of 1 to 10"),
    "a label that is no number": ({"y": np.full((60, 1), np.nan)}, "none of 1 to 10"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("wrong", MATLAB.values(), ids=MATLAB.keys())
def test_matlab_files_with_other_arrays(folder, wrong):
    changes, said = wrong
    archives.svhn(folder, **changes)
    refused("svhn", "train_32x32.mat", said)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("keep", [0, 100, 130, 200, 5000, -1])
def test_matlab_files_cut_short(folder, compressed, keep):
    archives.svhn(folder, compressed=compressed)
    path = folder / "train_32x32.mat"
    path.write_bytes(path.read_bytes()[:keep])
    archives.listed(folder)
    refused("svhn", "train_32x32.mat")


def test_a_matlab_file_without_labels_or_of_another_version(folder):
    from scipy.io import savemat

    archives.svhn(folder)
    savemat(folder / "train_32x32.mat", {"X": np.zeros((32, 32, 3, 5), np.uint8)})
    archives.listed(folder)
    refused("svhn", "lacks y")
    savemat(folder / "train_32x32.mat", {"X": np.zeros((32, 3), np.uint8)}, format="4")
    archives.listed(folder)
    refused("svhn", "no MATLAB file of version 5")


def test_a_damaged_matlab_file_is_refused_or_read_but_never_fails_otherwise(folder):
    archives.svhn(folder, 1, compressed=False)
    whole = (folder / "train_32x32.mat").read_bytes()
    numbers = np.random.default_rng(0)
    for _ in range(500):
        content = bytearray(whole)
        for place in numbers.integers(0, 260, 3):
            content[place] = numbers.integers(256)
        with suppress(DataError):
            for array in mat5.arrays(io.BytesIO(bytes(content)), ("X", "y")):
                array.values(1)
