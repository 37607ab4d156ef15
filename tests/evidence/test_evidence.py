"""What a longer memory proves: all that one step does, of workers that stay the same; and when it is forgotten."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.reference import agreement_graph
from aspis_sim.errors import InputError
from aspis_sim.evidence import evidence
from aspis_sim.simulation.server.memory import no_evidence
from tests.detection.random_attacks import broken_claims, more_steps, random_attacks, system


@pytest.mark.parametrize("seed", range(2))
def test_no_claim_breaks_when_disagreements_of_several_steps_count_together(seed):
    for number, attack in enumerate(random_attacks(seed + 500, 60)):
        seen = agreement_graph(attack.assignment, attack.tokens)
        for step in more_steps(attack, 1000 * seed + number, 4):
            assert broken_claims(step, seen) == []
            seen &= agreement_graph(step.assignment, step.tokens)


def test_whoever_is_excluded_or_certified_stays_so():
    grown = 0
    for number, attack in enumerate(random_attacks(900, 90)):
        seen = agreement_graph(attack.assignment, attack.tokens)
        before = DETECTORS["certified"](seen, max_byzantine=attack.q, assignment=attack.assignment)
        for step in more_steps(attack, number, 3):
            seen = seen & agreement_graph(step.assignment, step.tokens)
            after = DETECTORS["certified"](seen, max_byzantine=attack.q, assignment=attack.assignment)
            assert not (after.honest & ~before.honest).any()
            assert not (before.certified & ~after.certified).any()
            grown += (before.honest & ~after.honest).any() or (after.certified & ~before.certified).any()
            before = after
    assert grown > 20


def test_a_convicted_worker_is_excluded_by_every_detector_that_reads_the_graph():
    for convicted in itertools.combinations(range(7), 2):
        known = no_evidence(7)._replace(convicted=jnp.zeros(7, bool).at[jnp.asarray(convicted)].set(True))
        graph = np.asarray(known.shown(jnp.ones((7, 7), bool)))
        for name in ("clique", "sound", "certified", "unanimous"):
            verdict = DETECTORS[name](graph, max_byzantine=3, assignment=system("subset", 7, 3))
            assert np.flatnonzero(~verdict.honest).tolist() == list(convicted)
            assert verdict.outcome is not Outcome.OVER_BUDGET


def test_a_window_is_forgotten_at_its_end():
    assert [bool(evidence("window", length=3)(step)) for step in range(7)] == [True, False, False] * 2 + [True]
    assert [bool(evidence("run")(step)) for step in range(3)] == [True, False, False]
    assert all(evidence("step")(step) for step in range(3))
    with pytest.raises(InputError, match="1 or more steps"):
        evidence("window", length=0)


SMALL = {"dataset": "digits", "model": "softmax", "samples_per_file": 1, "protocol": "files", "workers": 7, "q": 3}


def excluded(scheme, memory, attack="stealth", payload="alie", steps=12, **settings):
    given = {"attack": attack, "payload": payload, "steps": steps, **SMALL, **settings}
    return aspis_sim.train(scheme=scheme, evidence=memory, **given).trace.excluded_byzantine.tolist()


def test_convictions_last_as_long_as_the_evidence():
    forever, windows, steps = (
        excluded("audited", memory, attack="weak", audits=2) for memory in ("run", "window:length=4", "step")
    )
    assert forever == sorted(forever)
    assert forever[-1] == 3
    assert max(np.diff(forever)) <= 2
    starts = [windows[step] for step in (0, 4, 8)]
    assert max(starts) <= 2
    assert all(windows[start : start + 4] == sorted(windows[start : start + 4]) for start in (0, 4, 8))
    assert max(steps) <= 2
