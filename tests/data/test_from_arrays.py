"""Data sets from arrays: the split, what a model sees, and arrays that cannot be right."""

import numpy as np
import pytest

from aspis_sim.data import Dataset
from aspis_sim.errors import InputError

LABELS = np.arange(200) % 3
FEATURES = np.random.default_rng(0).normal(5, [1, 10, 100], (200, 3))
IMAGES = np.random.default_rng(1).integers(0, 256, (200, 4, 4, 3), np.uint8)

LONELY = np.r_[np.full(199, 2), 3]


def made(x=FEATURES, y=LABELS, **options):
    return Dataset.from_arrays(x, y, **options)


def seen(data, part="train"):
    return data.prepared(data.inputs[part])


def test_every_part_has_its_share_of_every_class_and_every_sample_is_in_one():
    numbered = np.arange(400.0).reshape(200, 2)
    data = made(numbered, normalise=False)
    assert {part: len(rows) for part, rows in data.labels.items()} == {"train": 140, "validation": 20, "test": 40}
    for rows, share in ((data.labels["validation"], 0.1), (data.labels["test"], 0.2)):
        assert np.abs(np.bincount(rows) - share * np.bincount(LABELS)).max() <= 1
    for part, rows in data.inputs.items():
        samples = rows[:, 0].astype(int) // 2
        assert np.array_equal(data.labels[part], LABELS[samples])
        assert (np.diff(samples) > 0).all()
    assert sorted(np.concatenate(list(data.inputs.values()))[:, 0]) == sorted(numbered[:, 0])


def test_the_split_follows_from_the_seed_and_the_sum_from_the_content():
    assert made().sha256 == made().sha256
    changed = [made(seed=1), made(test=0.3), made(normalise=False), made(FEATURES + 1, normalise=False)]
    assert len({data.sha256 for data in (made(), *changed)}) == 5


def test_features_are_normalised_by_the_training_part_and_constant_ones_are_0():
    x = np.c_[FEATURES, np.full(200, 0.1)]
    data = made(x)
    assert data.inputs["test"].dtype == np.float32
    assert np.abs(seen(data).mean(0)).max() < 1e-6
    assert seen(data).std(0) == pytest.approx([1, 1, 1, 0])
    assert np.abs(seen(data, "test").mean(0)[:3]).min() > 0
    assert np.array_equal(seen(made(x, normalise=False)), seen(made(x.tolist(), LABELS.tolist(), normalise=False)))


def test_images_stay_bytes_and_are_normalised_by_channel():
    data = made(IMAGES, LABELS.astype(np.uint8))
    assert (data.inputs["train"].dtype, data.labels["train"].dtype, data.classes) == (np.uint8, np.int32, 3)
    assert seen(data).mean((0, 1, 2)) == pytest.approx([0, 0, 0], abs=1e-5)
    assert seen(data).std((0, 1, 2)) == pytest.approx([1, 1, 1])
    assert data.shift.shape == (3,)
    plain = made(IMAGES, normalise=False)
    assert np.array_equal(seen(plain), plain.inputs["train"] / np.float32(255))
    assert seen(made(IMAGES, normalise=False, unit=False)).max() == 255


def test_grey_images_get_a_channel_and_bytes_in_rows_one_scale():
    assert made(IMAGES[..., 0]).inputs["test"].shape == (40, 4, 4, 1)
    assert made(IMAGES.reshape(200, -1)).shift.shape == ()


def test_test_arrays_may_be_given():
    data = made(test=(FEATURES[:9], LABELS[:9].astype(float)))
    assert [len(rows) for rows in data.labels.values()] == [180, 20, 9]
    assert data.labels["test"].tolist() == LABELS[:9].tolist()


def test_labels_of_any_kind_are_numbered_in_order_on_request():
    names = np.array(["cat", "dog", "eel"])[LABELS]
    numbers = np.array([-1, 7, 10**12])[LABELS]
    for labels in (names, names.astype(object), numbers):
        data = made(y=labels, relabel=True)
        assert np.array_equal(data.labels["train"], made().labels["train"])
        assert data.sha256 == made().sha256


def put(value):
    return np.where(np.arange(600).reshape(200, 3) == 31, value, FEATURES)


REFUSED = {
    "x has 200 samples and y 199 labels": {"y": LABELS[1:]},
    "x holds NaN in 1 of 200 samples, first in sample 10; leave such": {"x": put(np.nan)},
    "x holds Inf in 1 of 200 samples": {"x": put(-np.inf)},
    "x holds numbers beyond 1e+12 in 1 of 200 samples": {"x": put(1e30).astype(np.float32)},
    "x has values as large as 1,000,000, and models learn from": {"x": put(-1e6), "normalise": False},
    "x holds <U1; it holds numbers": {"x": np.full((200, 3), "a")},
    "x has the shape [600]; it is [samples, features]": {"x": FEATURES.ravel()},
    "images with their channels first; write x.transpose(0, 2, 3, 1)": {"x": np.zeros((200, 3, 8, 8))},
    "y has the shape [200, 3]; it is one label a sample: try y.argmax(1)": {"y": np.eye(3)[LABELS]},
    "y has the shape [200, 1]; it is one label a sample: try y.ravel()": {"y": LABELS[:, None]},
    "the 3 labels are 1, 2, 3, not 0 to 2; relabel=True numbers them": {"y": LABELS + 1},
    "the 3 labels are -1, 0, 1, not 0 to 2": {"y": LABELS - 1},
    "labels are 0, 1, 2 … 6, not 0 to 5": {"y": np.array([0, 1, 2, 3, 4, 6])[np.arange(200) % 6]},
    "labels are whole numbers from 0; relabel=True numbers them": {"y": LABELS.astype(str)},
    "y holds floats that are no whole numbers": {"y": LABELS + 0.5},
    "y holds object; labels": {"y": [None] * 200},
    "all labels are 4; a classifier needs two classes": {"y": np.full(200, 4)},
    "no sample of label 3 is left to train on, of 1": {"y": LONELY, "relabel": True, "test": 0.8},
    "validation=0.5 and test=0.5 leave nothing": {"validation": 0.5, "test": 0.5},
    "test=0; it is a share of the samples": {"test": 0},
    "2 samples cannot be split into train, validation, test": {"x": FEATURES[:2], "y": [0, 1]},
    "seed=-1; it is a whole number": {"seed": -1},
    "test has 3 arrays": {"test": (1, 2, 3)},
    "x_test has 9 samples and y_test 8 labels": {"test": (FEATURES[:9], LABELS[:8])},
    "samples of x are float64[3] and those of x_test float64[2]": {"test": (FEATURES[:, :2], LABELS)},
    "the label 3 in y_test is none of those in y, 0, 1, 2": {"test": (FEATURES, LABELS + 1)},
    "y holds int64 and y_test <U21; they must be alike": {"test": (FEATURES, LABELS.astype(str))},
}


@pytest.mark.parametrize(("message", "given"), REFUSED.items(), ids=REFUSED.keys())
def test_what_cannot_be_right_is_refused_in_one_sentence(message, given):
    with pytest.raises(InputError) as refusal:
        made(**given)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)
