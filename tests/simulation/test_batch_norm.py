"""Batch norm: each file by its own statistics, running ones of one honest worker, and scores by these."""

import importlib
from dataclasses import replace

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from aspis_sim import assignment, models
from aspis_sim.adversary.targeting import target
from aspis_sim.data import load
from aspis_sim.detection import DETECTORS
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.layers import layers_of
from aspis_sim.gradients.source import Source
from aspis_sim.models import MODELS
from aspis_sim.models.base import STATISTICS, Model
from aspis_sim.simulation import Run
from aspis_sim.streams import stream
from tests.quick import jitted
from tests.shapes import fed, shape

WORKERS, Q, SAMPLES = 5, 2, 3
GROUPS = assignment.build("subset", workers=WORKERS, redundancy=3)
FILES = len(GROUPS.files)
IMAGES = {"channels": 2, "height": 4, "samples": 200, "width": 4}
STEPS = 3
NORMED = {
    "assignment": "subset",
    "workers": WORKERS,
    "redundancy": 3,
    "detector": "clique",
    "dataset": "synthetic" + "".join(f":{name}={value}" for name, value in IMAGES.items()),
    "model": "normed",
    "samples_per_file": SAMPLES,
    "steps": STEPS,
}


class Normed(nn.Module):
    """A norm of the inputs themselves, one in the middle that is used twice, and one without parameters."""

    classes: int

    @nn.compact
    def __call__(self, inputs):
        scored = not self.is_mutable_collection(STATISTICS)
        hidden = nn.BatchNorm(scored, momentum=0.9, name="first")(inputs)
        hidden = nn.relu(nn.Conv(4, (3, 3))(hidden)).reshape(len(inputs), -1)
        norm = nn.BatchNorm(scored, momentum=0.5)
        hidden = norm(nn.Dense(12)(norm(nn.Dense(12)(hidden))))
        hidden = nn.BatchNorm(scored, use_scale=False, use_bias=False)(nn.relu(hidden))
        return nn.Dense(self.classes)(hidden)


@pytest.fixture(autouse=True, scope="module")
def _registered():
    MODELS.add("normed", lambda classes: Model(Normed(classes)))
    yield
    MODELS.discard("normed")


@pytest.mark.parametrize(("chunks", "tile_bytes"), [(1, 4000), (3, 40_000)])
def test_gradients_of_files_are_those_of_their_losses(chunks, tile_bytes):
    """In float64, so that nothing but rounding is left: 1e-9 of the largest entry.

    ResNet-8 with batch norm is held to plain derivatives in gradients/test_gradients_reference.py.
    """
    with jax.enable_x64(True):
        model, rng = Model(Normed(10)), np.random.default_rng(0)
        inputs = jnp.asarray(rng.normal(size=(FILES * SAMPLES, 4, 4, 2)))
        labels = jnp.asarray(rng.integers(0, 10, FILES * SAMPLES))
        files = jnp.asarray(rng.permutation(FILES * SAMPLES).reshape(FILES, SAMPLES))
        drawn, unravel = ravel_pytree(jax.jit(model.initialise)(jax.random.key(0), inputs[:1]))
        parameters = unravel(jnp.asarray(drawn + 0.1 * rng.normal(size=drawn.shape)))
        running = jax.tree.map(lambda leaf: leaf.astype(float), jax.jit(model.statistics)(inputs[:1]))
        by_file = jitted(jax.vmap(jax.grad(model.loss), (None, 0, 0)))(parameters, inputs[files], labels[files])
        expected = np.concatenate([np.asarray(leaf).reshape(FILES, -1) for leaf in jax.tree.leaves(by_file)], axis=1)
        given = {**parameters, **running}
        layers = layers_of(model.loss, given, inputs[files[0]], labels[files[0]])
        assert sum(leaf.size for leaf in layers.leaves) == expected.shape[1]
        source = Source(layers, Axis(), chunks, tile_bytes)

        @jitted
        def formed(given, inputs, labels):
            found = source.gradients(given, inputs, labels, jnp.arange(FILES), files)
            bands = []
            for number, band in enumerate(found.layout.bands):
                tiles = jax.lax.map(lambda tile, number=number: found.form(number, tile), jnp.arange(band.tiles))
                bands.append(jnp.moveaxis(tiles, 0, 1).reshape(FILES, -1)[:, : band.columns])
            return found.layout.join(bands), found.weighted(jnp.ones(FILES)), found.bounds

        columns, total, bounds = formed(given, inputs, labels)
        np.testing.assert_allclose(columns, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
        np.testing.assert_allclose(total, expected.sum(0), rtol=0, atol=1e-9 * np.abs(expected).max())
        assert (np.asarray(bounds) >= np.linalg.norm(expected, axis=1) * (1 - 1e-12)).all()


def start(attack="strong", **changes):
    """A run under an attack; the shape is made here because the model is registered for as long as the tests run."""
    ours = shape(**NORMED | changes)
    return Run.start(ours, fed(ours, attack, Q))


def decide(graph):
    return DETECTORS["clique"](graph, max_byzantine=Q, assignment=GROUPS), 0


@pytest.fixture(scope="module")
def reference(_registered):
    return start().to(STEPS, decide)


WAYS = [{"compute": "replicated", "devices": 2}, {"chunks": 2, "tile_bytes": 300}]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_ways_to_compute_come_to_the_same_verdicts_weights_and_statistics(reference, way):
    other = start(**way).to(STEPS, decide)
    for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
        assert np.array_equal(getattr(other.state.trace, column), getattr(reference.state.trace, column))
    assert np.array_equal(other.state.graph, reference.state.graph)
    for ours, theirs in zip(*map(jax.tree.leaves, (other.state.statistics, reference.state.statistics)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    # A norm over three samples divides by what can be near 0, which makes more of a rounding than other layers do.
    np.testing.assert_allclose(other.state.weights, reference.state.weights, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("attack", ["strong", "weak"])
def test_running_statistics_are_those_of_the_first_honest_worker(attack):
    run = start(attack)
    assert float(jax.tree.leaves(run.state.statistics)[0].sum()) == 0
    run = run.to(2, decide)
    byzantine = target(attack, GROUPS, Q).byzantine
    honest = int(np.flatnonzero(~byzantine)[0])
    assert honest == Q
    held = (GROUPS.files == honest).any(1)
    images = load("synthetic", **IMAGES).inputs["train"]
    mean, variance = np.zeros(2), np.ones(2)
    for row in np.asarray(run.order)[:2]:
        seen = images[row.reshape(FILES, SAMPLES)[held]]
        mean = 0.9 * mean + 0.1 * seen.mean((1, 2, 3)).mean(0)
        variance = 0.9 * variance + 0.1 * seen.var((1, 2, 3)).mean(0)
    found = run.state.statistics[STATISTICS]["first"]
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["var"], variance, rtol=1e-4)


def test_workers_that_change_places_keep_the_statistics_of_the_files_they_then_hold():
    moving = shape(**NORMED | {"detector": "none", "permute": True, "attack": "none", "steps": 1})
    assert moving.lies == "nowhere"
    feed = fed(moving, "none", Q, seed=1)._replace(distorts=np.zeros((1, 0, 0), bool))
    run = Run.start(moving, feed).to(1, decide)
    places = np.asarray(jax.random.permutation(jax.random.fold_in(stream(feed.key, "permutation"), 0), WORKERS))
    keeper = int(np.argmin(feed.byzantine[0]))
    held = (places[GROUPS.files] == keeper).any(1)
    assert not np.array_equal(held, (GROUPS.files == keeper).any(1))
    images = load("synthetic", **IMAGES).inputs["train"]
    seen = images[np.asarray(run.order)[0].reshape(FILES, SAMPLES)[held]]
    found = run.state.statistics[STATISTICS]["first"]
    np.testing.assert_allclose(found["mean"], 0.1 * seen.mean((1, 2, 3)).mean(0), rtol=1e-4, atol=1e-6)


def test_a_score_rests_on_the_running_statistics_and_not_on_the_other_samples(reference, monkeypatch):
    together = reference.score("test")
    monkeypatch.setattr(importlib.import_module("aspis_sim.gradients.network"), "SCORED_AT_ONCE", 7)
    in_parts = reference.score("test")
    assert in_parts.top1 == together.top1
    assert in_parts.loss == pytest.approx(together.loss, rel=1e-5)
    before = start().state.statistics
    other = replace(reference, state=reference.state._replace(statistics=before))
    assert other.score("test").loss != pytest.approx(together.loss, rel=1e-3)


def test_a_model_without_batch_norm_has_no_statistics():
    plain = start(model="softmax")
    assert plain.state.statistics == {}
    assert jax.eval_shape(models.build("resnet8", 10).statistics, jnp.zeros((1, 8, 8, 3))) == {}
