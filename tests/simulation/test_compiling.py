"""Short runs are compiled quickly, and come to the numbers of long ones."""

import numpy as np
import pytest

from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run, compiling
from aspis_sim.simulation.program import _build
from aspis_sim.spec.grid import Grid
from tests.quick import as_for_users


@pytest.fixture(autouse=True)
def _asked_anew():
    compiling.is_known.cache_clear()
    yield
    compiling.is_known.cache_clear()


def test_only_short_runs_are_compiled_quickly():
    assert compiling.told(compiling.SHORT_RUN, 1, False) == compiling.ON_CPU | compiling.QUICKLY
    assert compiling.told(compiling.SHORT_RUN + 1, 1, False) == compiling.ON_CPU
    assert compiling.told(compiling.SHORT_RUN, 1, True) == compiling.ON_CPU
    assert compiling.told(compiling.SHORT_RUN + 1, 2, False) == compiling.ON_CPU | compiling.MEMORY_FIRST


def test_an_option_that_the_compiler_does_not_know_is_left_out(monkeypatch):
    monkeypatch.setattr(compiling, "QUICKLY", {"xla_cpu_of_another_release": False})
    assert compiling.told(1, 1, False) == compiling.ON_CPU


@pytest.mark.parametrize(
    ("steps", "payload", "quickly"), [(2, "alie", True), (10**6, "alie", False), (2, "optimised", False)]
)
def test_a_run_is_short_by_its_steps_and_if_its_payload_does_not_search(steps, payload, quickly, monkeypatch):
    given = []
    monkeypatch.setattr("jax.stages.Lowered.compile", lambda lowered, options=None: given.append(options))
    settings = {"scheme": "median", "model": "softmax", "payload": payload}
    cell = Grid.of(**settings, q=1, seed=0, lr=0.1, steps=steps).groups()[0].first
    _build(resolve(cell).shape)
    assert (given[-1] == compiling.ON_CPU | compiling.QUICKLY) == quickly


def trained(**settings):
    cell = Grid.of(q=2, workers=7, seed=0, lr=0.1, steps=20, **settings).groups()[0].first
    job = resolve(cell)
    return Run.start(job.shape, job.feed(), 0).to(20, job.decide).state


@pytest.mark.parametrize("settings", [{"scheme": "aspis"}, {"scheme": "median", "payload": "min_sum"}], ids=str)
def test_both_ways_to_compile_come_to_the_same_weights_bit_for_bit(settings):
    """Without AVX-512 the mean loss that is recorded for a step may be the next number; nothing follows from it."""
    quickly = trained(attack="strong", **settings)
    with as_for_users():
        otherwise = trained(attack="strong", **settings)
    assert quickly.weights.tobytes() == otherwise.weights.tobytes()
    np.testing.assert_array_max_ulp(np.asarray(quickly.trace.loss), np.asarray(otherwise.trace.loss), maxulp=1)
