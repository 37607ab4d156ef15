"""DRACO's cyclic code in training: the exact gradient, or a failure that is reported and changes nothing."""

import jax
import numpy as np
import pytest

from aspis_sim.detection import Outcome
from aspis_sim.run.resolve import resolve
from aspis_sim.run.train import train
from aspis_sim.simulation import Feed, Run
from aspis_sim.simulation.server.verdicts import OUTCOMES
from aspis_sim.spec.grid import Grid

CODED = Grid.of(
    scheme="draco-cyclic",
    q=2,
    attack="weak",
    seed=0,
    lr=0.1,
    workers=9,
    redundancy=5,
    model="softmax",
    samples_per_file=2,
    steps=8,
)


def result_of(grid):
    (group,) = grid.groups()
    return train(group.first)


@pytest.fixture(scope="module")
def undisturbed():
    """The plain mean of the same files without any lie."""
    return result_of(CODED.replaced(scheme="average", assignment="cyclic", attack="none"))


@pytest.mark.parametrize("payload", ["alie", "constant", "reversed", "nan"])
def test_up_to_half_of_r_liars_are_located_and_the_exact_mean_comes_back(undisturbed, payload):
    result = result_of(CODED.replaced(payload=payload))
    trace = result.trace
    assert trace.distorted.tolist() == trace.lost.tolist() == [0] * 8
    assert trace.excluded_byzantine.tolist() == [2] * 8
    assert trace.excluded_honest.tolist() == [0] * 8
    assert {OUTCOMES[code] for code in trace.outcome} == {Outcome.UNIQUE}
    np.testing.assert_allclose(trace.loss, undisturbed.trace.loss, rtol=1e-4)
    assert result.test.loss == pytest.approx(undisturbed.test.loss, rel=1e-4)


@pytest.mark.parametrize("devices", [1, 2])
def test_more_liars_are_reported_as_a_failure_and_the_weights_stay(devices):
    result = result_of(CODED.replaced(q=4, devices=devices))
    assert result.trace.lost.tolist() == [9] * 8
    assert result.trace.distorted.tolist() == [0] * 8
    assert result.trace.excluded_honest.tolist() == [0] * 8
    assert {OUTCOMES[code] for code in result.trace.outcome} == {Outcome.OVER_BUDGET}
    (group,) = CODED.replaced(q=4).groups()
    job = resolve(group.first)
    feed = Feed(jax.random.key(0), np.float32(0), np.float32(0), *job.memberships())
    start = Run.start(job.shape, feed)
    assert start.score("test") == result.test


def test_devices_do_not_change_what_is_recovered(undisturbed):
    result = result_of(CODED.replaced(devices=2))
    np.testing.assert_allclose(result.trace.loss, undisturbed.trace.loss, rtol=1e-4)
    assert result.trace.excluded_byzantine.tolist() == [2] * 8
