"""What files return after several local steps: the closed forms, federated averaging, and equal copies."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from aspis_sim import assignment
from aspis_sim.data import load
from aspis_sim.detection import DETECTORS
from aspis_sim.devices.mesh import Axis
from aspis_sim.environment import pinned
from aspis_sim.errors import InputError
from aspis_sim.gradients.local_steps import LocalSteps
from aspis_sim.gradients.memory_plan import plan_of_local_steps
from aspis_sim.gradients.network import network
from aspis_sim.gradients.source import Source
from aspis_sim.simulation import Run
from tests.shapes import changed, fed, shape

FILES, SAMPLES, RATE = 7, 3, 0.2
OWN = np.arange(FILES * SAMPLES).reshape(FILES, SAMPLES)


def returned(net, steps, rate, files=OWN, rows=None, whole=True, **cut):
    """The matrix that files return from the initial weights, and what else is said of it."""
    with pinned(net.precision):
        weights = net.initial(jax.random.key(3), 0)
        inputs, labels = net.train(0)
        rows = jnp.arange(len(files)) if rows is None else jnp.asarray(rows)
        source = LocalSteps(net, steps, Axis(), **cut)

        @jax.jit
        def look(weights, rate):
            found = source.changes(weights, rate, inputs, labels, rows, jnp.asarray(files), whole)
            band = found.layout.bands[0]
            tiles = [found.form(0, tile) for tile in range(band.tiles)]
            matrix = jnp.concatenate(tiles, axis=1)[:, : band.columns]
            return matrix, found.loss, found.weighted(jnp.ones(len(rows), weights.dtype)), found.bounds, found.norms()

        return [np.asarray(part) for part in (weights, *look(weights, net.dtype.type(rate)))]


def test_linear_regression_has_a_closed_form():
    """w_E - w* = (I - η A)^E (w - w*) for the loss |X w - y|²/2: the change is ((I - (I - η A)^E) (w - w*)) / η."""
    options = (("dimension", 3), ("samples", 40))
    net = network("linear-regression", "linear", options, precision="float64")
    rate, steps = 0.01, 6
    weights, matrix, *_ = returned(net, steps, rate)
    data = net.samples(0)
    for file, samples in enumerate(OWN):
        x, y = (np.asarray(part["train"], float)[samples] for part in (data.inputs, data.labels))
        best = np.linalg.solve(x.T @ x, x.T @ y.reshape(-1))
        shrunk = np.linalg.matrix_power(np.eye(3) - rate * x.T @ x, steps)
        np.testing.assert_allclose(matrix[file], (weights - best - shrunk @ (weights - best)) / rate, rtol=1e-7)


def softmax_by_hand(weights, inputs, labels, rate, steps):
    """The weights after local steps of a softmax regression, in NumPy, and the loss before them."""
    bias, kernel = weights[:10].copy(), weights[10:].reshape(64, 10).copy()
    first = None
    for _ in range(steps):
        scores = inputs @ kernel + bias
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        loss = -np.log(shares[np.arange(len(labels)), labels]).mean()
        first = loss if first is None else first
        deltas = (shares - np.eye(10)[labels]) / len(labels)
        bias, kernel = bias - rate * deltas.sum(0), kernel - rate * inputs.T @ deltas
    return np.concatenate([bias, kernel.reshape(-1)]), first


def own_data(net, files):
    data = load("digits")
    inputs = np.asarray(net.prepared(data.inputs["train"][files.reshape(-1)])).astype(float)
    return inputs.reshape(*files.shape, -1), data.labels["train"][files]


@pytest.mark.parametrize("cut", [{}, {"chunks": 3}, {"whole": False, "tile_bytes": 4000, "chunks": 7}], ids=str)
def test_softmax_against_numpy(cut):
    net = network("digits", "softmax", precision="float64")
    weights, matrix, loss, total, bounds, norms = returned(net, 4, RATE, **cut)
    with pinned("float64"):
        inputs, labels = own_data(net, OWN)
    found = [softmax_by_hand(weights, own, named, RATE, 4) for own, named in zip(inputs, labels, strict=True)]
    expected = (weights - np.array([after for after, _ in found])) / RATE
    np.testing.assert_allclose(matrix, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(loss, np.mean([first for _, first in found]), rtol=1e-12)
    np.testing.assert_allclose(total, expected.sum(0), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(norms, np.linalg.norm(expected, axis=1), rtol=1e-9)
    assert (bounds >= norms).all()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_one_step_is_the_gradient_and_a_rate_of_nothing_so_many(precision):
    net = network("digits", "mlp", precision=precision)
    weights, matrix, loss, *_ = returned(net, 1, RATE)
    _, still, *_ = returned(net, 3, 0.0)
    with pinned(net.precision):
        own = Source(net.layers(SAMPLES), Axis())
        given = (*net.train(0), jnp.arange(FILES), jnp.asarray(OWN), True)
        gradients = own.gradients(net.unravel(jnp.asarray(weights)), *given)
        expected = np.asarray(gradients.form(0, 0))
    tolerance = 1e-5 if precision == "float32" else 0.05
    assert matrix.dtype == expected.dtype
    np.testing.assert_allclose(matrix.astype(float), expected.astype(float), rtol=tolerance, atol=tolerance / 10)
    np.testing.assert_allclose(still.astype(float), 3 * expected.astype(float), rtol=tolerance, atol=tolerance / 5)
    np.testing.assert_allclose(loss, gradients.loss, rtol=tolerance)


@pytest.mark.parametrize(
    ("dataset", "options", "model", "chunks"),
    [
        ("digits", (), "mlp", 1),
        ("synthetic", (("channels", 1), ("height", 28), ("samples", 60), ("width", 28)), "lenet", 4),
    ],
    ids=["mlp", "lenet"],
)
def test_honest_copies_are_the_same_bits_wherever_they_are_computed(dataset, options, model, chunks):
    net = network(dataset, model, options)
    places = np.random.default_rng(0).permutation(np.repeat(np.arange(FILES), 3))
    _, matrix, *_ = returned(net, 3, RATE, rows=places, chunks=chunks)
    for file in range(FILES):
        copies = matrix[places == file]
        assert len({row.tobytes() for row in copies}) == 1
        assert np.abs(copies[0]).max() > 0


SETTINGS = {"workers": 5, "model": "softmax", "samples_per_file": SAMPLES, "steps": 3, "local_steps": 4}
GROUPS = assignment.build("subset", workers=5, redundancy=3)


def decide(graph):
    return DETECTORS["clique"](graph, max_byzantine=2, assignment=GROUPS), 0


AVERAGE = shape(**SETTINGS, rule="average", momentum=0.0, precision="float64", schedule="step:factor=0.5:every=2")


def test_the_mean_of_changes_is_federated_averaging():
    """Clients start from the server's weights, take their steps, and their weights are averaged."""
    run = Run.start(AVERAGE, fed(AVERAGE, rate=RATE))
    net = network("digits", "softmax", precision="float64")
    weights = np.array(run.state.weights)
    with pinned("float64"):
        for step, row in enumerate(np.asarray(run.order)):
            inputs, labels = own_data(net, row.reshape(5, SAMPLES))
            rate = RATE * 0.5 ** (step // 2)
            clients = [softmax_by_hand(weights, *own, rate, 4)[0] for own in zip(inputs, labels, strict=True)]
            weights = np.mean(clients, axis=0)
    done = run.to(3, decide)
    np.testing.assert_allclose(done.state.weights, weights, rtol=1e-9, atol=1e-12)


def test_two_devices_do_as_one():
    ours = shape(
        **SETTINGS | {"model": "mlp"}, assignment="subset", redundancy=3, detector="clique", q=2, attack="weak",
        precision="float64", worker_momentum=0.5, clip_workers=1.0,
    )  # fmt: skip
    ways: tuple[dict[str, Any], ...] = (
        {},
        {"devices": 2, "tile_bytes": 30_000},
        {"compute": "replicated", "devices": 2},
    )
    runs = [Run.start(one, fed(one, "weak", 2)).to(3, decide) for one in (changed(ours, **way) for way in ways)]
    for other in runs[1:]:
        np.testing.assert_allclose(other.state.weights, runs[0].state.weights, rtol=1e-9, atol=1e-12)
    for run in runs:
        assert np.asarray(run.state.trace.excluded_byzantine).tolist() == [2] * 3
        assert not np.asarray(run.state.trace.excluded_honest).any()


def test_the_plan_counts_the_matrix_and_refuses_what_does_not_fit():
    net = network("digits", "mlp")
    found = plan_of_local_steps(net, 455, 4, 4 * 10**9)
    matrix = 455 * net.parameters * 4
    assert found.peak_bytes > 2 * matrix
    assert found.chunks > 1
    assert not found.needs_matrix
    assert plan_of_local_steps(net, 455, 4, 4 * 10**9, matrices=2).peak_bytes == found.peak_bytes + 2 * matrix
    assert plan_of_local_steps(net, 455, 4, 4 * 10**9, devices=5).peak_bytes < found.peak_bytes - matrix
    with pytest.raises(
        InputError, match=r"a matrix of 455 changes .*, 18 MB; .* `memory=1GB`, or take `local_steps=1`"
    ):
        plan_of_local_steps(net, 455, 4, 15 * 10**6)
    with pytest.raises(InputError, match="krum needs all 455 gradients at once"):
        plan_of_local_steps(net, 455, 4, 40 * 10**6, needing="krum", momentum=True)
