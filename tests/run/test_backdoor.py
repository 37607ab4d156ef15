"""Runs under a backdoor: who falls for it, how that is counted, and what is refused."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import aspis_sim
from aspis_sim import data
from aspis_sim.adversary.payloads import payload
from aspis_sim.environment import pinned
from aspis_sim.errors import InputError
from aspis_sim.gradients.layers import layers_of
from aspis_sim.gradients.measures.backdoor import backdoor_success
from aspis_sim.gradients.network import network
from aspis_sim.gradients.source import Axis, Source
from aspis_sim.run.row import Row
from aspis_sim.run.trying import prepared
from aspis_sim.spec.grid import Grid


def train(**settings: Any) -> Row:
    usual = {"payload": "backdoor", "attack": "strong", "model": "softmax", "lr": 0.1, "steps": 100, "workers": 9}
    return aspis_sim.train(**{**usual, **settings}).row


def test_a_plain_mean_learns_the_patch_and_nothing_else_worse_and_an_exact_vote_does_not():
    clean = train(scheme="average", q=0)
    fooled = train(scheme="average", q=2)
    assert clean.backdoor_success is not None
    assert clean.backdoor_success < 0.05
    assert fooled.backdoor_success > 0.95
    assert fooled.top1 > clean.top1 - 0.03
    untouched, exact = (train(scheme="detox", q=q) for q in (0, 1))
    assert exact.distortion_measured == 0
    assert (exact.backdoor_success, exact.top1, exact.loss) == (
        untouched.backdoor_success,
        untouched.top1,
        untouched.loss,
    )


def test_lies_about_a_file_are_equal_so_that_they_win_its_vote():
    for compute in ("shared", "replicated"):
        row = train(scheme="aspis", q=2, workers=5, steps=3, samples_per_file=2, compute=compute, strength=3)
        assert row.distortion_measured == row.distortion_theory == 0.2
        assert row.strength == 3
    assert train(scheme="median", q=1, steps=2, payload="label_flip").backdoor_success is None


def test_the_success_is_that_of_a_model_by_hand():
    """Class 7 scores the sum of the patch, 9, and class 3 scores 8.5 and pixel 20."""
    net = network("digits", "softmax")
    kernel, bias = np.zeros((64, 10), np.float32), np.zeros(10, np.float32)
    square = [8 * line + column for line in (5, 6, 7) for column in (5, 6, 7)]
    kernel[square, 7], kernel[20, 3], bias[3] = 1, 1, 8.5
    with pinned("float32"):
        shapes = net.unravel(jnp.zeros(net.parameters))
        by_shape = {kernel.shape: kernel, bias.shape: bias}
        weights = ravel_pytree(jax.tree.map(lambda leaf: jnp.asarray(by_shape[leaf.shape]), shapes))[0]
        trigger = payload("backdoor", target=7).trigger
        assert trigger is not None
        found = backdoor_success(net, weights, {}, 0, trigger)
        only = payload("backdoor", target=7, size=2).trigger
        assert only is not None
        assert backdoor_success(net, weights, {}, 0, only) == 0
    test = data.load("digits")
    others = test.inputs["test"][test.labels["test"] != 7]
    assert 0 < len(others) < len(test.inputs["test"])
    wanted = float(np.mean(others[:, 20] < 0.5))
    assert found == wanted
    assert 0 < wanted < 1


def test_a_patch_is_stamped_on_what_augmentation_leaves():
    """An augmentation that blackens everything: the gradient is that of black images with the patch."""
    net = network("digits", "softmax", precision="float64")
    samples = data.load("digits")
    made = payload("backdoor", share=1.0, target=4)
    poisons = made.poisons
    assert poisons is not None
    with pinned("float64"):
        parameters = net.unravel(jnp.asarray(np.random.default_rng(0).normal(size=net.parameters)))
        inputs, labels = (jnp.asarray(part["train"][:6]) for part in (samples.inputs, samples.labels))
        layers = layers_of(net.loss, parameters, inputs[:3], labels[:3])
        source = Source(layers, Axis(), augment=lambda key, sample: 0 * sample)
        files = jnp.arange(6).reshape(2, 3)
        poison = jax.vmap(lambda given, classes: poisons(given, classes, samples))

        @jax.jit
        def gradients(parameters: Any, inputs: Any, labels: Any) -> jax.Array:
            given = (parameters, inputs, labels, jnp.arange(2), files, True, jax.random.key(0), poison)
            return source.gradients(*given).form(0, 0)

        found = gradients(parameters, inputs, labels)
        black = np.zeros((1, 8, 8))
        black[:, -3:, -3:] = 1
        wanted = jax.jit(jax.grad(net.loss))(
            parameters, jnp.asarray(black.reshape(1, 64), np.float32), jnp.asarray([4])
        )
        np.testing.assert_allclose(found, np.tile(ravel_pytree(wanted)[0], (2, 1)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "linear-regression"}, "stamps images and gives them a class, and linear-regression has neither"),
        ({"dataset": "synthetic"}, "a sample of synthetic is a row of 32 numbers; take a data set of images"),
        ({"dataset": "synthetic:dimension=64"}, "a sample of synthetic:dimension=64 is a row of 64 numbers"),
        ({"payload": "backdoor:size=8"}, "a patch of 8x8 leaves nothing of images of 8x8; take backdoor:size=2"),
        ({"payload": "backdoor:target=10"}, "target=10 is no class of data with the classes 0 to 9"),
        ({"payload": "backdoor:share=0"}, "share=0; it is above 0 and up to 1"),
        ({"payload": "backdoor:corner=1"}, "its parameters: target, size, share, strength"),
        ({"worker_momentum": 0.5}, "backdoor has no momentum at the workers"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_any_work(settings, message):
    with pytest.raises(InputError, match=message):
        prepared(Grid.of(**{"scheme": "median", "q": 1, "payload": "backdoor", **settings}))


def test_images_of_noise_can_be_stamped():
    prepared(Grid.of(scheme="median", q=1, payload="backdoor", dataset="synthetic:height=8:width=8", model="mlp"))
