"""What honest workers return: gradients clipped to a norm, and their momentum, however the work is cut up."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import assignment
from aspis_sim.data import load
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.gradients.clipping import clip_one
from aspis_sim.gradients.memory_plan import plan
from aspis_sim.gradients.network import network
from aspis_sim.simulation import Run
from tests.shapes import changed, fed, shape
from tests.weights import in_rows, in_tree

WORKERS, Q, SAMPLES, STEPS = 5, 2, 3, 4
GROUPS = assignment.build("subset", workers=WORKERS, redundancy=3)
FILES = len(GROUPS.files)
RATE, BETA, RADIUS = 0.1, 0.8, 2.4
SETTINGS = {"workers": WORKERS, "model": "mlp", "samples_per_file": SAMPLES, "steps": STEPS}
SHAPE = shape(**SETTINGS, assignment="subset", redundancy=3, rule="average", momentum=0.0, precision="float64")


def decide(graph):
    return DETECTORS["clique"](graph, max_byzantine=Q, assignment=GROUPS), 0


def start(shape, attack="none", strength=1.0):
    return Run.start(shape, fed(shape, attack, Q, rate=RATE, strength=strength))


@cache
def gradient():
    """Of all files at once, compiled once: from parameters, inputs and labels to the gradients of every file."""
    net = network("digits", "mlp", precision="float64")
    return jax.jit(jax.vmap(jax.grad(net.model.loss), (None, 0, 0)))


def by_hand(of_files, steps=STEPS):
    """Plain SGD on the mean of what ``of_files`` makes of the gradients ``[f, d]`` of each step, in NumPy."""
    net, samples = network("digits", "mlp", precision="float64"), load("digits")
    run = start(changed(SHAPE, clip_workers=RADIUS))
    with jax.enable_x64(True):
        template = jax.eval_shape(net.unravel, run.state.weights)
        weights, norms = np.array(run.state.weights), []
        for row in np.asarray(run.order)[:steps]:
            files = row.reshape(FILES, SAMPLES)
            inputs = net.prepared(samples.inputs["train"][files])
            found = gradient()(in_tree(weights, template), inputs, samples.labels["train"][files])
            rows = in_rows(found, FILES)
            norms.append(np.linalg.norm(rows, axis=1))
            weights = weights - RATE * of_files(rows).mean(0)
    return weights, np.array(norms)


def clipped(rows):
    return rows * np.minimum(1, RADIUS / np.linalg.norm(rows, axis=1))[:, None]


def with_momentum(past):
    def of_files(rows):
        past[...] = BETA * past + (1 - BETA) * rows
        return past

    return of_files


CUTS = [{}, {"tile_bytes": 3000, "devices": 2}, {"chunks": 3, "tile_bytes": 20_000}, {"compute": "replicated"}]
PARAMETERS = network("digits", "mlp").parameters


@pytest.fixture(scope="module")
def expected():
    momentum, both = (with_momentum(np.zeros((FILES, PARAMETERS))) for _ in range(2))
    cut, norms = by_hand(clipped)
    assert (norms > RADIUS).any()
    assert (norms < RADIUS).any()
    return {
        (RADIUS, 0.0): cut,
        (None, BETA): by_hand(momentum)[0],
        (RADIUS, BETA): by_hand(lambda rows: both(clipped(rows)))[0],
    }


@pytest.mark.parametrize(
    ("clip", "beta", "cut"),
    [(RADIUS, BETA, CUTS[0]), (RADIUS, BETA, CUTS[1]), (None, BETA, CUTS[2]), (RADIUS, 0.0, CUTS[3])],
    ids=str,
)
def test_weights_are_those_of_plain_numpy(expected, clip, beta, cut):
    run = start(changed(SHAPE, clip_workers=clip, worker_momentum=beta, **cut))
    half = run.to(2, decide)
    done = half.to(STEPS, decide)
    np.testing.assert_allclose(done.state.weights, expected[clip, beta], rtol=0, atol=1e-12)
    assert np.asarray(done.state.graph).all()
    assert run.state.history == () or not any(np.asarray(band).any() for band in run.state.history)


def test_ways_to_compute_give_the_same_verdicts_under_attack():
    """The tile that settles most comparisons, sums of layers and the robust rule all see what is returned."""
    parts = {"assignment": "subset", "redundancy": 3, "detector": "clique", "momentum": 0.0}
    ours = shape(**SETTINGS, **parts, clip_workers=RADIUS, worker_momentum=BETA)
    for attack in ("weak", "strong"):
        runs = [
            start(changed(ours, **way), attack).to(STEPS, decide)
            for way in ({}, {"compute": "replicated"}, {"tile_bytes": 3000, "devices": 2})
        ]
        for other in runs[1:]:
            for column in ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome"):
                assert np.array_equal(getattr(other.state.trace, column), getattr(runs[0].state.trace, column))
            np.testing.assert_allclose(other.state.weights, runs[0].state.weights, rtol=1e-4, atol=1e-6)
        caught = np.asarray(runs[0].state.trace.excluded_byzantine).tolist()
        assert caught == [Q if attack == "weak" else 0] * STEPS


PAYLOAD = shape(**SETTINGS, payload="inner_product", rule="average", momentum=0.0, clip_workers=1e-3)


def test_a_payload_looks_at_the_clipped_gradients():
    """Minus the mean of what honest workers return is no longer than the radius."""
    run = Run.start(PAYLOAD, fed(PAYLOAD, "weak", Q, rate=1))
    after = run.to(1, decide)
    assert 0 < np.linalg.norm(np.asarray(after.state.weights) - np.asarray(run.state.weights)) <= 1e-3


def moves(**settings):
    """How far the weights go in the first step and in the second, under momentum at the server."""
    run = start(changed(SHAPE, momentum=0.5, **settings))
    once, twice = (np.asarray(run.to(stop, decide).state.weights) for stop in (1, 2))
    return once - np.asarray(run.state.weights), twice - once


@pytest.fixture(scope="module")
def plain():
    """How far they go in the first step if nothing is clipped."""
    means = []

    def note(rows):
        means.append(rows.mean(0))
        return rows

    by_hand(note, steps=1)
    return -RATE * means[0]


@pytest.mark.parametrize("cut", CUTS[:2], ids=str)
def test_the_server_clips_the_update_before_the_optimizer(plain, cut):
    first, second = moves(**cut, clip_server=0.01)
    assert np.linalg.norm(plain) > RATE * 0.01
    np.testing.assert_allclose(first, plain * RATE * 0.01 / np.linalg.norm(plain), rtol=1e-9, atol=1e-15)
    assert np.linalg.norm(second - 0.5 * first) == pytest.approx(RATE * 0.01, rel=1e-9)


@jax.jit
def clipped_alone(vector, radius):
    return clip_one(vector, radius)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_one_vector_is_clipped_by_its_norm_also_where_squares_would_overflow(scale):
    vector = (np.array([3.0, -4.0, 0.0]) * scale).astype(np.float32)
    np.testing.assert_allclose(clipped_alone(vector, 2.5 * scale), vector / 2, rtol=1e-6)
    np.testing.assert_array_equal(clipped_alone(vector, 6.0 * scale), vector)


def test_what_is_not_finite_is_not_clipped_away():
    for bad in (np.nan, np.inf):
        assert not np.isfinite(clipped_alone(np.array([1.0, bad, 0.0], np.float32), 1.0)).all()
    np.testing.assert_array_equal(clipped_alone(np.zeros(3, np.float32), 1.0), np.zeros(3))
    run = Run.start(PAYLOAD, fed(PAYLOAD))
    weights = np.array(run.state.weights)
    weights[0] = np.inf
    broken = replace(run, state=run.state._replace(weights=jnp.asarray(weights)))
    assert not np.isfinite(np.asarray(broken.to(1, decide).state.weights)[1:]).all()


def test_the_plan_counts_the_history_and_refuses_what_does_not_fit():
    net = network("digits", "mlp")
    without = plan(net, 455, 4, 4 * 10**9)
    counted = plan(net, 455, 4, 4 * 10**9, momentum=True)
    history = 3 * 455 * net.parameters * 4
    assert counted.peak_bytes == without.peak_bytes + history
    assert plan(net, 455, 4, 4 * 10**9, devices=5, momentum=True).peak_bytes < counted.peak_bytes - history / 2
    with pytest.raises(
        InputError, match=r"a history of each of 455 gradients, 3 times at once: 26 MB; .* `memory=1GB`"
    ):
        plan(net, 455, 4, 20 * 10**6, momentum=True)
    with pytest.raises(InputError, match="krum needs all 455 gradients at once"):
        plan(net, 455, 4, 40 * 10**6, needing="krum", momentum=True)
