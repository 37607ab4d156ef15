"""Workers of whom nothing arrives: who they are, and what every claim is worth without their copies."""

import re
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import aspis_sim
from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from aspis_sim.distortion import worst_case
from aspis_sim.distortion.silent import distortable_beside
from aspis_sim.errors import InputError
from aspis_sim.silence import SILENCES, silence
from aspis_sim.silence.base import silent
from tests.detection.random_attacks import broken_claims, random_attacks

BYZANTINE = np.arange(9) < 2


def drawn(name, steps=400, count=3, seed=0, **options):
    """Who is silent in each step, bool ``[steps, 9]``."""
    delays = silence(name, **options)
    key = jax.random.key(seed)
    one = jax.jit(jax.vmap(lambda step: silent(delays(key, step, 9), jnp.asarray(BYZANTINE), count)))
    return np.asarray(one(jnp.arange(steps)))


@pytest.mark.parametrize("name", list(SILENCES))
def test_as_many_as_were_asked_for_are_silent_and_all_of_them_honest(name):
    for count in (0, 1, 7):
        found = drawn(name, steps=20, count=count)
        assert (found.sum(1) == count).all()
        assert not found[:, BYZANTINE].any()


def test_crashed_workers_stay_the_same_and_others_crash_with_another_seed():
    runs = [drawn("crash", steps=20, seed=seed) for seed in range(6)]
    assert all((run == run[0]).all() for run in runs)
    assert len({run[0].tobytes() for run in runs}) > 3


@pytest.mark.parametrize("given", [("random", {}), ("slowest", {"spread": 0.0})], ids=str)
def test_stragglers_are_drawn_evenly(given):
    often = drawn(given[0], **given[1])[:, ~BYZANTINE].sum(0)
    expected = 400 * 3 / 7
    assert ((often - expected) ** 2 / expected).sum() < 28  # chi-square with 6 degrees of freedom: 1 of 10,000


def test_the_slowest_are_often_the_same_but_not_always():
    often = drawn("slowest", spread=1.0)[:, ~BYZANTINE].mean(0)
    assert often.max() > 0.75
    assert often.min() < 0.15
    assert often.max() < 1


@pytest.mark.parametrize("seed", range(2))
def test_no_claim_breaks_where_copies_are_missing(seed):
    generator = np.random.default_rng(seed)
    for attack in random_attacks(seed + 700, 150):
        honest = np.flatnonzero(~attack.byzantine)
        chosen = generator.permutation(honest)[: generator.integers(0, len(honest) + 1)]
        assert broken_claims(attack, silent=np.isin(np.arange(attack.assignment.workers), chosen)) == []


def test_a_missing_copy_is_neither_agreement_nor_disagreement():
    assignment = build("subset", workers=5, redundancy=3)
    tokens = np.where(assignment.files == 0, 1, 0)
    everyone = agreement_graph(assignment, tokens)
    without = agreement_graph(assignment, tokens, np.arange(5) == 4)
    assert not everyone[0, 1:].any()
    assert without[0].tolist() == [True, False, False, False, True]
    verdict = DETECTORS["certified"](without, max_byzantine=2, assignment=assignment)
    taken = apply_verdict(verdict, assignment, tokens, silent=np.arange(5) == 4)
    assert taken.kept.any()
    assert (taken.tokens[taken.kept] == 0).all()


@pytest.mark.parametrize(
    ("q", "missing", "exact"), [(1, 2, True), (2, 0, True), (0, 4, True), (1, 3, False), (2, 1, False)]
)
def test_the_repetition_code_is_exact_for_r_of_2q_plus_s_plus_1(q, missing, exact):
    """Five copies a file, every placement in one group: each false value against the plurality of what arrives."""
    assignment = build("repetition", workers=5, redundancy=5)
    verdict = DETECTORS["none"](np.ones((5, 5), bool), max_byzantine=q, assignment=assignment)
    wrong = 0
    for liars in combinations(range(5), q):
        for gone in combinations(sorted(set(range(5)) - set(liars)), missing):
            tokens = np.isin(assignment.files, liars).astype(int)
            taken = apply_verdict(verdict, assignment, tokens, silent=np.isin(np.arange(5), gone))
            wrong += int((~taken.kept | (taken.tokens != 0)).sum())
    assert (wrong == 0) == exact


@pytest.mark.parametrize(
    ("name", "workers", "redundancy"), [("subset", 7, 3), ("baseline", 7, 1), ("repetition", 9, 3)]
)
@pytest.mark.parametrize("detector", ["none", "unanimous"])
def test_no_lies_distort_more_than_the_bound(name, workers, redundancy, detector):
    """Every set of liars and of silent workers; all lie together wherever that wins, and ties go to them."""
    assignment = build(name, workers=workers, redundancy=redundancy)
    for q, missing in ((1, 1), (1, 2), (2, 1), (2, 2)):
        if 2 * q + missing >= workers:
            continue
        most = 0
        for liars in combinations(range(workers), q):
            for gone in combinations(sorted(set(range(workers)) - set(liars)), missing):
                lying = np.isin(assignment.files, liars).sum(1)
                honest = redundancy - lying - np.isin(assignment.files, gone).sum(1)
                lost = (lying > 0) & (honest == 0 if detector == "unanimous" else lying >= honest)
                most = max(most, int(lost.sum()))
        bound = distortable_beside(assignment, q, missing, detector)
        assert bound >= most
        if assignment.complete or redundancy == 1:
            assert bound == max(most, worst_case(assignment, q, detector).count)


def test_without_silent_workers_the_bound_is_the_worst_case():
    for name, workers in (("subset", 9), ("mols", 15), ("bibd", 7)):
        assignment = build(name, workers=workers, redundancy=3)
        for detector in ("none", "clique", "certified"):
            assert distortable_beside(assignment, 2, 0, detector) == worst_case(assignment, 2, detector).count


SMALL: dict[str, Any] = {
    "dataset": "digits",
    "model": "softmax",
    "samples_per_file": 1,
    "protocol": "files",
    "steps": 15,
}


def row(**settings):
    return aspis_sim.train(**{"workers": 7, "q": 2, "steps": 15, **SMALL, **settings}).row


def test_without_redundancy_a_silent_worker_takes_its_file_along():
    found = row(scheme="median", silent=2, attack="weak")
    assert found.lost_measured == 2 / 7
    assert found.distortion_measured == 2 / 7
    assert found.distortion_theory is None


def test_with_three_copies_no_file_is_lost_to_two_silent_workers_and_nobody_honest_is_accused():
    found = row(scheme="aspis-certified", silent=2, silence="slowest", attack="weak", payload="reversed")
    assert (found.distortion_measured, found.false_accusation_rate) == (0, 0)
    assert found.detection_rate > 0
    assert row(scheme="aspis", silent=2, attack="none").lost_measured == 0


def test_the_cyclic_code_is_exact_in_training_for_r_of_2q_plus_s_plus_1():
    given = {"scheme": "draco-cyclic", "attack": "weak", "steps": 5}

    def found(redundancy, q, missing):
        return row(**given, redundancy=redundancy, q=q, silent=missing)

    for redundancy, q, missing in ((3, 0, 2), (5, 1, 2)):
        exact = found(redundancy, q, missing)
        assert (exact.lost_measured, exact.distortion_measured, exact.false_accusation_rate) == (0, 0, 0)
        assert exact.detection_rate == (1 if q else None)
    assert found(3, 1, 1).lost_measured == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"silent": 3}, "must be honest (2q + s < K); 2 can be silent, or take `workers=8` or more"),
        ({"silent": -1}, "`silent` -1 is negative"),
        ({"silent": 1, "silence": "crush"}, "crash"),
        ({"silence": "crash"}, "`silence` crash says which workers are silent, and none are; add `silent=1`"),
        ({"silent": 1, "silence": "slowest:spread=-1"}, "it is 0 (all workers alike) to 50"),
        ({"silent": 1, "scheme": "median", "rule": "bulyan:f=1"}, "the rule bulyan"),
    ],
)
def test_bad_input(settings, message):
    with pytest.raises(InputError, match=re.escape(message)):
        row(**{"scheme": "aspis", **settings})
