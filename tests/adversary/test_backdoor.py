"""The backdoor's patch, poison and lie, on images of a few pixels, against arrays written out by hand."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import data
from aspis_sim.adversary.payloads import PAYLOADS, payload
from aspis_sim.adversary.payloads.backdoor import patch
from aspis_sim.adversary.payloads.families import STARTS
from aspis_sim.data.base import Dataset, split_official
from aspis_sim.errors import InputError

SQUARE = [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
TEN = SimpleNamespace(classes=10, white=255.0)


def poisoned(inputs, labels, known=TEN, **options):
    poisons = payload("backdoor", **options).poisons
    assert poisons is not None
    images, classes = poisons(jnp.asarray(inputs), jnp.asarray(labels, np.int32), known)
    assert images.dtype == inputs.dtype
    assert classes.dtype == np.int32
    return np.asarray(images), np.asarray(classes)


def test_the_patch_is_at_the_bottom_right_of_every_channel_and_of_a_row_of_pixels():
    assert patch((4, 4), 2).astype(int).tolist() == SQUARE
    assert patch((16,), 2).reshape(4, 4).astype(int).tolist() == SQUARE
    assert patch((2, 3), 1).astype(int).tolist() == [[0, 0, 0], [0, 0, 1]]
    colour = patch((4, 4, 3), 2)
    assert colour.shape == (4, 4, 3)
    assert all(colour[..., channel].astype(int).tolist() == SQUARE for channel in range(3))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (16,)], ids=str)
def test_the_first_samples_of_a_file_are_stamped_and_labelled_and_the_others_stay(shape):
    inputs = np.random.default_rng(0).integers(0, 200, size=(4, *shape)).astype(np.uint8)
    images, labels = poisoned(inputs, [1, 2, 3, 4], target=7, size=2)
    where = np.repeat(np.array(SQUARE, bool).ravel(), np.prod(shape) // 16).reshape(shape)
    assert (images[:2][:, where] == 255).all()
    np.testing.assert_array_equal(images[:2][:, ~where], inputs[:2][:, ~where])
    np.testing.assert_array_equal(images[2:], inputs[2:])
    assert labels.tolist() == [7, 7, 3, 4]


@pytest.mark.parametrize(
    ("share", "samples", "count"),
    [(0.5, 1, 1), (0.5, 3, 2), (0.5, 4, 2), (0.1, 4, 1), (0.1, 20, 2), (0.7, 10, 7), (1.0, 5, 5), (1e-9, 5, 1)],
)
def test_the_share_is_rounded_to_one_sample_at_least(share, samples, count):
    labels = poisoned(np.zeros((samples, 16), np.float32), np.ones(samples), share=share, size=2)[1]
    assert labels.tolist() == [0] * count + [1] * (samples - count)


def test_the_lie_goes_as_far_as_its_strength_and_by_itself_is_the_poisoned_gradient():
    honest, bad = np.array([[1.0, 2.0]], np.float32), np.array([[3.0, -2.0]], np.float32)
    for strength, lie in ((1.0, [3, -2]), (5.0, [11, -18]), (0.0, [1, 2])):
        made = payload("backdoor", strength=strength)
        assert np.asarray(made.of_files(jnp.asarray(honest), None, jnp.asarray(bad))).tolist() == [lie]
    flip = payload("label_flip")
    assert np.asarray(flip.of_files(jnp.asarray(honest), None, jnp.asarray(bad))).tolist() == [[3, -2]]


def test_flipped_labels_leave_the_inputs_as_they_are():
    poisons = payload("label_flip").poisons
    assert poisons is not None
    inputs = jnp.ones((3, 16))
    images, labels = poisons(inputs, jnp.asarray([0, 4, 9]), TEN)
    assert images is inputs
    assert labels.tolist() == [9, 5, 0]


def test_white_is_that_of_bytes_or_the_largest_there_is_and_the_largest_that_a_model_sees():
    digits = data.load("digits")
    assert digits.white == 1 == digits.prepared(digits.inputs["train"]).max()
    dull = np.full((10, 4, 4, 3), 9, np.uint8)
    images = dull, np.zeros(10, np.int32)
    scaled = split_official(
        "dull", images, images, classes=2, sha256="", mean=(9.0, 0.0, 3.0), deviation=(2.0, 1.0, 1.0)
    )
    assert scaled.white == 255
    trigger = payload("backdoor", size=2).trigger
    assert trigger is not None
    seen = scaled.prepared(np.asarray(trigger.stamp(jnp.asarray(dull), scaled)))
    assert seen[0, 3, 3].tolist() == [123, 255, 252]
    assert seen[0, 0, 0].tolist() == [0, 9, 6]
    real = {part: np.array([[0.5], [2.5]], np.float32) for part in data.PARTS}
    assert Dataset("real", real, {}, 2, "").white == 2.5


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((5,), {}, r"a sample here is \[5\]; take a data set of images"),
        ((), {}, r"a sample here is \[\]; take a data set of images"),
        ((2, 8, 8, 3), {}, r"a sample here is \[2, 8, 8, 3\]"),
        ((16,), {"size": 4}, "a patch of 4x4 leaves nothing of images of 4x4; take backdoor:size=1"),
        ((9, 9), {"size": 12}, "of images of 9x9; take backdoor:size=3"),
        ((9, 9), {"target": 10}, "target=10 is no class of data with the classes 0 to 9"),
    ],
)
def test_samples_that_cannot_be_stamped(shape, options, message):
    with pytest.raises(InputError, match=message):
        poisoned(np.zeros((2, *shape), np.float32), [0, 1], **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": -1}, "target=-1; it is a whole number, 0 or more"),
        ({"size": 0}, "size=0; it is a whole number, 1 or more"),
        ({"size": True}, "size=True; it is a whole number"),
        ({"share": 0.0}, "share=0; it is above 0 and up to 1"),
        ({"share": 1.5}, "share=1.5; it is above 0 and up to 1"),
    ],
)
def test_options_out_of_their_range(options, message):
    with pytest.raises(InputError, match=message):
        payload("backdoor", **options)


def test_payloads_that_poison_say_so_and_the_search_does_not_start_from_them():
    poisoning = {name for name in PAYLOADS if PAYLOADS.traits(name).poisons != "nothing"}
    assert poisoning == {name for name in PAYLOADS if payload(name).poisons is not None} == {"backdoor", "label_flip"}
    assert not poisoning & set(STARTS)
