"""The claims in the detectors' docstrings, on random attacks; `benchmarks.bench_detection` runs 200,000."""

from math import comb

import numpy as np
import pytest

from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from tests.detection.random_attacks import broken_claims, random_attacks, system


@pytest.mark.parametrize("seed", range(8))
def test_no_random_attack_refutes_a_claim(seed: int) -> None:
    outcomes = set()
    for attack in random_attacks(seed, 150):
        assert broken_claims(attack) == [], (attack.assignment.name, attack.q, attack.tokens.tolist())
        graph = agreement_graph(attack.assignment, attack.tokens)
        outcomes.add(DETECTORS["sound"](graph, max_byzantine=attack.q).outcome)
    assert outcomes == {Outcome.UNIQUE, Outcome.PARTIAL, Outcome.AMBIGUOUS}


def frame_up(q: int, framed: int) -> np.ndarray:
    """Int ``[455, 3]``: workers 0..q-1 lie where all other holders are among the next ``framed`` workers."""
    files = system("subset", 15, 3).files
    return ((files < q) & (files < q + framed).all(axis=1, keepdims=True)).astype(np.int64)


@pytest.mark.parametrize(("q", "distorted"), [(2, 1), (3, 10), (4, 34), (5, 80), (6, 155), (7, 266)])
def test_frame_up_of_one_worker_less_than_q_defeats_the_published_detector(q: int, distorted: int) -> None:
    assignment, tokens = system("subset", 15, 3), frame_up(q, q - 1)
    verdict = DETECTORS["clique"](agreement_graph(assignment, tokens), max_byzantine=q)
    update = apply_verdict(verdict, assignment, tokens)
    assert np.flatnonzero(~verdict.honest).tolist() == list(range(q, 2 * q - 1))
    assert update.plain_mean
    assert int((update.kept & (update.tokens == 1)).sum()) == distorted == comb(2 * q - 1, 3) - comb(q - 1, 3)
    assert int(update.kept.sum()) == 455 - comb(q - 1, 3)


@pytest.mark.parametrize("q", range(2, 8))
def test_strong_attack_distorts_half_of_the_subsets_by_vote(q: int) -> None:
    assignment, tokens = system("subset", 15, 3), frame_up(q, q)
    for name in ("clique", "sound"):
        verdict = DETECTORS[name](agreement_graph(assignment, tokens), max_byzantine=q)
        update = apply_verdict(verdict, assignment, tokens)
        assert verdict.outcome is Outcome.AMBIGUOUS
        assert verdict.honest.all()
        assert int((update.kept & (update.tokens == 1)).sum()) == comb(2 * q, 3) // 2


@pytest.mark.parametrize("q", range(1, 8))
def test_liars_on_all_their_files_are_all_found(q: int) -> None:
    assignment = system("subset", 15, 3)
    tokens = (assignment.files < q).astype(np.int64)
    for name in ("clique", "sound", "certified", "unanimous"):
        verdict = DETECTORS[name](agreement_graph(assignment, tokens), max_byzantine=q, assignment=assignment)
        update = apply_verdict(verdict, assignment, tokens)
        assert verdict.outcome is Outcome.UNIQUE
        assert np.flatnonzero(~verdict.honest).tolist() == list(range(q))
        assert update.plain_mean
        assert int(update.kept.sum()) == 455 - comb(q, 3)
        assert not (update.tokens[update.kept] == 1).any()


@pytest.mark.parametrize(
    ("framed", "kept", "distorted", "certified"),
    [(4, 329, 35, 0), (5, 85, 0, 85), (6, 139, 0, 139), (7, 91, 0, 91)],
)
def test_what_is_certified_of_seven_liars_by_the_number_framed(
    framed: int, kept: int, distorted: int, certified: int
) -> None:
    assignment, tokens = system("subset", 15, 3), frame_up(7, framed)
    verdict = DETECTORS["certified"](agreement_graph(assignment, tokens), max_byzantine=7, assignment=assignment)
    update = apply_verdict(verdict, assignment, tokens)
    assert int(update.kept.sum()) == kept
    assert int((update.kept & (update.tokens == 1)).sum()) == distorted
    assert update.plain_mean == (certified > 0)


@pytest.mark.parametrize(("framed", "kept"), [(0, 455), (4, 329), (7, 161)])
def test_unanimous_files_of_seven_liars(framed: int, kept: int) -> None:
    assignment, tokens = system("subset", 15, 3), frame_up(7, framed)
    verdict = DETECTORS["unanimous"](agreement_graph(assignment, tokens), max_byzantine=7)
    update = apply_verdict(verdict, assignment, tokens)
    assert int(update.kept.sum()) == kept
    assert int((update.kept & (update.tokens == 1)).sum()) == 35
