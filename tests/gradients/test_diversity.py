"""The diversity of the files' gradients, against its definition written out in NumPy."""

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim.environment import pinned
from aspis_sim.gradients.measures.coefficient import realised_coefficient
from aspis_sim.gradients.measures.diversity import gradient_diversity
from aspis_sim.gradients.network import network
from aspis_sim.streams import root_key


def by_definition(net, weights, train, shards):
    inputs, labels = map(np.asarray, train)
    gradient = jax.jit(jax.grad(lambda own, *given: net.loss(net.unravel(own), *given)))
    gradients = np.stack([gradient(weights, inputs[shard], labels[shard]) for shard in shards])
    return np.mean(np.sum(np.square(gradients - gradients.mean(0)), axis=1))


@pytest.mark.parametrize(("model", "precision", "bound"), [("softmax", "float64", 1e-10), ("mlp", "float32", 1e-4)])
def test_it_is_that_of_the_definition(model, precision, bound):
    net = network("digits", model, precision=precision)
    order = np.random.default_rng(0).permutation(1078)
    shards = np.split(order, [1, 9, 300, 301, 500])
    with pinned(precision):
        weights, train = net.initial(root_key(0), 0), net.train(0)
        wanted = by_definition(net, weights, train, shards)
    assert gradient_diversity(net, weights, train, shards) == pytest.approx(wanted, rel=bound)


def test_files_that_hold_the_same_have_none():
    net = network("digits", "softmax", precision="float64")
    with pinned("float64"):
        weights, train = net.initial(root_key(0), 0), net.train(0)
    assert gradient_diversity(net, weights, train, [np.arange(1078)] * 3) == pytest.approx(0, abs=1e-12)


def test_the_more_skewed_the_more_diverse_and_without_shards_there_is_none():
    kinds = ("gamma:similarity=1", "gamma:similarity=0.5", "dirichlet:alpha=0.1", "extreme")
    settings: dict[str, Any] = {"scheme": "median", "q": 2, "lr": 0.03, "steps": 1, "model": "softmax"}
    runs = [aspis_sim.train(**settings, heterogeneity=kind) for kind in kinds]
    found = [run.row.gradient_diversity for run in runs]
    assert found == sorted(found)
    assert found[3] > 10 * found[0] > 0
    assert aspis_sim.train(**settings).row.gradient_diversity is None


def test_the_coefficient_is_that_of_the_definition():
    rows, update = np.array([[0.0, 2], [2, 0], [4, 4], [9, 9]]), np.array([3.0, 1])

    def found(chosen: list[int], update: Any = update, rows: Any = rows) -> float:
        norms = np.linalg.norm(rows, axis=1)
        gradients: Any = SimpleNamespace(bounds=norms, weighted=lambda weights: weights @ rows, norms=lambda: norms)
        with jax.enable_x64(True):
            return float(realised_coefficient(gradients, jnp.array(chosen, bool), update))

    assert found([1, 1, 1, 0]) == pytest.approx(2 / (16 / 3))  # mean (2, 2); squares 4, 4, 8
    assert found([1, 1, 0, 0], np.array([1.0, 1])) == 0
    assert found([1, 1, 1, 0], np.array([3.0, np.nan])) == np.inf
    assert np.isnan(found([1, 0, 0, 0]))
    assert np.isnan(found([0, 0, 0, 0]))
    assert np.isnan(found([1, 1, 1, 1], rows=np.ones((4, 2))))
    assert np.isnan(found([1, 1, 1, 1], rows=np.array([[np.inf, 1], [1, 1], [2, 2], [3, 3]])))


def test_a_mean_has_the_coefficient_0_and_a_rule_has_none_without_shards():
    settings: dict[str, Any] = {"q": 2, "lr": 0.03, "steps": 4, "model": "softmax", "attack": "strong"}
    skewed = settings | {"heterogeneity": "extreme"}
    assert aspis_sim.train(**skewed, scheme="aspis-certified").row.kappa == pytest.approx(0, abs=1e-9)
    median, mixed = (aspis_sim.train(**skewed, scheme="median", rule=rule).row for rule in ("median", "nnm+median"))
    assert 0 < mixed.kappa < median.kappa
    assert aspis_sim.train(**settings, scheme="median").row.kappa is None
