"""Aspis+: random workers over windows, a design whose points are permuted, and detection by degrees."""

from functools import cache

import jax
import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.reference import agreement_graph
from aspis_sim.run.train import train
from aspis_sim.simulation.server.degree_window import empty_memory, observe
from aspis_sim.simulation.server.verdicts import OUTCOMES
from aspis_sim.spec.grid import Grid

T_B, T_D, STEPS = 50, 15, 1500
observed = jax.jit(observe, static_argnames="window")


def trace_of(q, seed, **changes):
    grid = Grid.of(
        scheme="aspis+",
        q=q,
        attack="majority",
        seed=seed,
        lr=0.01,
        adversary_window=T_B,
        detection_window=T_D,
        model="softmax",
        samples_per_file=1,
        steps=STEPS,
        **changes,
    )
    (group,) = grid.groups()
    return train(group.first).trace


once = cache(trace_of)
"""The same, trained by the first test that asks."""


@pytest.mark.parametrize("q", [2, 4])
def test_all_byzantines_are_found_within_5_iterations_of_a_window(q):
    found, windows = 0, 0
    for seed in (0, 1, 2):
        trace = once(q, seed)
        assert (trace.excluded_byzantine + trace.excluded_honest).max() <= q
        for start in range(0, STEPS, T_D):
            if start // T_B == (start + 4) // T_B:  # the same workers are Byzantine in these 5 iterations
                windows += 1
                found += trace.excluded_byzantine[start : start + 5].max() == q
    assert windows > 200
    assert found / windows >= 0.95


def test_nobody_honest_is_flagged_in_a_window_with_one_membership():
    trace = once(4, 0)
    for start in range(0, STEPS, T_D):
        if start // T_B == (start + T_D - 1) // T_B:
            assert trace.excluded_honest[start : start + T_D].max() == 0


def test_seeds_reach_the_memberships_and_the_places():
    first, second = once(4, 0), once(4, 1)
    assert not np.array_equal(first.distorted, second.distorted)
    assert np.array_equal(first.distorted, trace_of(4, 0).distorted)


def graphs(rng, workers, q, steps):
    lies = np.zeros((workers, workers), bool)
    for _ in range(steps):
        lies[:] = False
        for liar in range(q):
            lies[liar, rng.integers(workers, size=2)] = True
        yield ~(lies | lies.T) | np.eye(workers, dtype=bool)


def test_the_first_step_of_a_window_rules_as_the_detector_of_one_graph_does():
    rng = np.random.default_rng(0)
    groups = build("bibd", workers=15, redundancy=3)
    seen = set()
    for _ in range(60):
        q = int(rng.integers(1, 5))
        liars = rng.permutation(15)[:q]
        held = np.isin(groups.files, liars)
        tokens = (held & (rng.random(held.shape) < rng.choice([0.3, 1.0]))).astype(int)
        graph = agreement_graph(groups, tokens)
        verdict = DETECTORS["degree"](graph, max_byzantine=q)
        _, ruling = observed(empty_memory(15), graph, 0, T_D, q, 0)
        assert np.array_equal(ruling.honest, verdict.honest)
        assert bool(ruling.average) == verdict.average
        assert OUTCOMES[int(ruling.outcome)] is verdict.outcome
        assert verdict.honest[np.setdiff1d(np.arange(15), liars)].all()
        seen.add(verdict.outcome)
    assert seen == {Outcome.UNIQUE, Outcome.PARTIAL, Outcome.AMBIGUOUS}


def test_a_window_remembers_lost_edges_keeps_q_flags_and_ends():
    q, workers = 2, 9
    memory, lost = empty_memory(workers), np.zeros((workers, workers), bool)
    flagged: dict[int, tuple] = {}
    for step, graph in enumerate(graphs(np.random.default_rng(1), workers, 4, 3 * T_D)):
        if step % T_D == 0:
            lost[:], flagged = False, {}
        lost |= ~graph
        for worker in range(workers):
            if lost[worker].sum() > q and worker not in flagged:
                flagged[worker] = (step, lost[worker].sum(), -worker)
        recent = sorted(flagged, key=lambda worker: (flagged[worker][0], lost[worker].sum(), -worker))[-q:]
        flagged = {worker: flagged[worker] for worker in recent}
        memory, ruling = observed(memory, graph, step, T_D, q, 0)
        assert np.array_equal(memory.lost, lost)
        assert set(np.flatnonzero(~np.asarray(ruling.honest))) == set(flagged)
        assert bool(ruling.average) == (len(flagged) == q)
