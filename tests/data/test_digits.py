"""The shipped digits: what they are, that their split is sound, and that damage is noticed."""

import numpy as np
import pytest

from aspis_sim.data import DATASETS, load
from aspis_sim.data.base import checked_bytes
from aspis_sim.errors import DataError, InputError


def test_digits_are_the_1797_images_split_by_class():
    digits = load("digits")
    assert {part: len(labels) for part, labels in digits.labels.items()} == {
        "train": 1259,
        "validation": 179,
        "test": 359,
    }
    for part, images in digits.inputs.items():
        assert images.shape == (len(digits.labels[part]), 64)
        assert images.dtype == np.float32
        assert images.min() >= 0
        assert images.max() <= 1
    whole = np.bincount(np.concatenate(list(digits.labels.values())))
    assert whole.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    for part, share in (("test", 0.2), ("validation", 0.1)):
        assert np.abs(np.bincount(digits.labels[part]) - share * whole).max() <= 1


def test_no_image_stands_in_two_parts_more_often_than_in_the_source():
    digits = load("digits")
    images = np.concatenate([digits.inputs[part] for part in digits.inputs])
    assert len(np.unique(images, axis=0)) == len(images) == 1797


def test_a_damaged_or_missing_file_is_named(tmp_path):
    path = tmp_path / "digits.npz"
    with pytest.raises(DataError, match=r"digits\.npz cannot be read"):
        checked_bytes(path, "0" * 64)
    path.write_bytes(b"not the digits")
    with pytest.raises(DataError, match=r"digits\.npz is damaged: SHA-256"):
        checked_bytes(path, "0" * 64)


def test_an_unknown_data_set_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="did you mean digits"):
        load("digit")
    assert "digits" in DATASETS
