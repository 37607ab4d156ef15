"""Precision bfloat16: gradients have 16 bits; losses and means of many of them are added up in float32."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from aspis_sim.aggregation import RULES, rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.detection.agreement import Copies, Views
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.columns import _convolution, _explicit
from aspis_sim.gradients.network import network
from aspis_sim.gradients.source import Source
from aspis_sim.run.train import train
from aspis_sim.simulation import compiled
from aspis_sim.simulation import round as round_of_a_run
from aspis_sim.spec.grid import Grid
from aspis_sim.streams import root_key
from tests.shapes import shape

FILES = 300
FEW = ("bulyan", "caf", "mda", "smea")
"""Rules that take longer the more rows there are: they are given 15."""


def exactly(values):
    """The values of 16 bits, in float64."""
    return np.asarray(jnp.asarray(values).astype(jnp.float32), np.float64)


def ulps(found, exact):
    """How far the values are from the exact ones, in units of the last place of bfloat16."""
    place = 2.0 ** (np.floor(np.log2(np.abs(exact))) - 7)
    return float(np.max(np.abs(exactly(found) - exact) / place))


@pytest.fixture(scope="module")
def rows():
    return jnp.asarray(np.random.default_rng(0).normal(1, 1, (FILES, 300)), jnp.bfloat16)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_mean_of_many_rows_is_the_exact_one_rounded_once(rows, compiled):
    kept = np.random.default_rng(1).random(FILES) < 0.9
    mean = jax.jit(mean_over_rows) if compiled else mean_over_rows
    assert mean(rows).dtype == "bfloat16"
    assert ulps(mean(rows), exactly(rows).mean(0)) <= 0.501
    assert ulps(mean(rows, jnp.asarray(kept)), exactly(rows)[kept].mean(0)) <= 0.501
    assert ulps(rule("average")(rows), exactly(rows).mean(0)) <= 0.501


def test_the_mean_of_copies_is_not_rounded_at_all(rows):
    """Of honest copies and of lies: 200 files hold the one lie, more than bfloat16 can count exactly."""
    lies, kept = 3 * rows[:1], jnp.ones(FILES, bool)
    slot, distorts = jnp.zeros(FILES, int), jnp.arange(FILES)[:, None] < jnp.array([[201, 0, 0]])
    values = np.where(np.arange(FILES)[:, None] < 201, exactly(lies), exactly(rows))
    found = Views(rows, lies, distorts).mean(slot, kept)
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, values.mean(0), rtol=1e-5)
    copies = Copies(jnp.repeat(rows[:, None], 3, axis=1), rows)
    np.testing.assert_allclose(copies.mean(slot, kept), exactly(rows).mean(0), rtol=1e-5)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_gives_what_it_gives_in_float32_rounded_once(rows, name):
    given = rows[:15] if name in FEW else rows
    f: dict[str, Any] = {"f": 2 if name in FEW else 60} if RULES.accepts(name, "f") else {}
    compute = jax.jit(rule(name, **f))
    found = compute(given)
    assert found.dtype == "bfloat16"
    assert ulps(found, exactly(compute(given.astype(np.float32)))) <= 0.51


def test_the_loss_of_a_file_is_that_of_its_scores():
    net = network("digits", "mlp", precision="bfloat16")
    weights, (inputs, labels) = net.initial(root_key(0), 0), net.train(0)
    parameters = net.unravel(3 * weights)
    of_files = jax.jit(jax.vmap(net.loss, (None, 0, 0)))
    losses = of_files(parameters, inputs[:400].reshape(100, 4, -1), labels[:400].reshape(100, 4))
    assert losses.dtype == "float32"
    scores = jax.jit(lambda given: net.model.scores(parameters, net.prepared(given)))(inputs[:400])
    assert scores.dtype == "bfloat16"
    with jax.enable_x64(True):
        exact = optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(exactly(scores)), labels[:400])
    np.testing.assert_allclose(losses, np.asarray(exact).reshape(100, 4).mean(1), rtol=1e-5)


@pytest.mark.parametrize("chunks", [1, 5])
def test_the_sum_of_many_gradients_is_added_up_in_float32(chunks):
    """Rows are rounded to 16 bits when they are formed, a sum that never forms them is not."""
    net = network("digits", "mlp", precision="bfloat16")
    (inputs, labels), files = net.train(0), jnp.arange(2 * FILES).reshape(FILES, 2)

    def look(weights):
        given = (net.unravel(weights), inputs, labels, jnp.arange(FILES), files)
        gradients = Source(net.layers(2), Axis(), chunks).gradients(*given)
        whole = Source(net.layers(2), Axis()).gradients(*given, whole=True)
        return gradients.weighted(jnp.ones(FILES)), whole.form(0, 0), gradients.loss

    total, matrix, loss = jax.jit(look)(net.initial(root_key(0), 0))
    assert (total.dtype, matrix.dtype, loss.dtype) == ("float32", "bfloat16", "float32")
    exact = exactly(matrix).sum(0)
    assert np.linalg.norm(total - exact) <= 2**-9 / 4 * np.linalg.norm(exact)


def test_what_is_summed_over_places_within_a_file_does_not_stop_growing():
    """1,024 equal terms: bfloat16 cannot count beyond 256."""
    ones = jnp.ones((1, 1, 32, 32, 1), jnp.bfloat16)
    _, bias = _convolution(nn.Conv(1, (1, 1)), {"kernel": 0, "bias": 1}, ones, ones)
    assert float(bias.form(0, 1)[0, 0]) == 1024
    part = _explicit({0: 1}, jnp.ones((1023, 1), jnp.bfloat16))
    assert float(part.weighted(jnp.ones(1023))[0]) == 1023


@pytest.mark.parametrize("lie", ["alie", "gaussian", "constant", "reversed"])
def test_what_is_sent_has_16_bits_be_it_true_or_not(lie, monkeypatch):
    seen = set()

    def note(honest, lies, distorts):
        seen.add((honest.dtype.name, lies.dtype.name))
        return Views(honest, lies, distorts)

    monkeypatch.setattr(round_of_a_run, "Views", note)
    compiled(shape(precision="bfloat16", payload=lie, q=1, attack="strong", steps=2, samples_per_file=3))
    assert seen == {("bfloat16", "bfloat16")}


@pytest.mark.parametrize("scheme", ["aspis", "draco-cyclic"])
def test_a_run_stays_near_that_in_float32_with_the_same_counts(scheme):
    """Of the mean of honest files, and of the cyclic code, whose mixtures are complex numbers of 32 bits."""
    settings = {"q": 2, "attack": "weak", "workers": 9, "redundancy": 5, "model": "softmax", "samples_per_file": 2}
    grid = Grid.of(scheme=scheme, steps=8, **settings)
    wide, narrow = (train(grid.replaced(precision=one).groups()[0].first) for one in ("float32", "bfloat16"))
    assert wide.trace is not None
    assert narrow.trace is not None
    assert narrow.trace.distorted.tolist() == wide.trace.distorted.tolist() == [0] * 8
    assert narrow.trace.excluded_byzantine.tolist() == [2] * 8
    np.testing.assert_allclose(narrow.trace.loss, wide.trace.loss, rtol=2e-3)
    assert not np.array_equal(narrow.trace.loss, wide.trace.loss)
    assert (narrow.trace.loss != narrow.trace.loss.astype(jnp.bfloat16).astype(np.float32)).any()
