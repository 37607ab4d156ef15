"""The worst case of a pair of assignment and detector: closed forms against played attacks and the exhaustive game."""

import csv
import importlib

import numpy as np
import pytest

from aspis_sim import plugin
from aspis_sim.adversary.choices import decoy, frame, majority_held, stealth
from aspis_sim.assignment import Assignment, build
from aspis_sim.detection import DETECTORS, DetectorTraits, Outcome, Verdict
from aspis_sim.distortion import strong_attack, worst_case
from aspis_sim.distortion.closed_forms import subset_clique, subset_decoy
from aspis_sim.distortion.table import distortion_rows
from aspis_sim.distortion.worst_case import PROVEN, worst_case_of_subset
from aspis_sim.errors import InputError
from aspis_sim.game import play
from aspis_sim.game.result import judge

SUBSET = build("subset", workers=15, redundancy=3)
LOOKING = [name for name in DETECTORS if DETECTORS.traits(name).detects]


def passed(assignment, attack, detector, q):
    return judge(assignment, attack.distorts, DETECTORS[detector], q)[0].count


@pytest.mark.parametrize(
    ("detector", "counts"),
    [
        ("none", [0, 0, 13, 37, 70, 110, 155, 203]),
        ("clique", [0, 0, 2, 15, 40, 80, 155, 266]),
        ("sound", [0, 0, 2, 10, 28, 60, 110, 182]),
        ("degree", [0, 0, 2, 10, 28, 60, 110, 182]),
        ("certified", [0, 0, 0, 1, 4, 10, 20, 35]),
        ("unanimous", [0, 0, 0, 1, 4, 10, 20, 35]),
        ("minimax", [0, 0, 0, 1, 4, 10, 20, 35]),
    ],
)
def test_fifteen_workers(detector, counts):
    found = [worst_case(SUBSET, q, detector) for q in range(8)]
    assert [one.count for one in found] == counts
    assert all(one.bound >= one.count and one.exact == (one.bound == one.count) for one in found)
    assert found == [worst_case_of_subset(15, 3, q, detector) for q in range(8)]


@pytest.mark.parametrize(("workers", "redundancy"), [(9, 3), (15, 3), (21, 3), (11, 5), (13, 5)])
def test_the_counts_on_subset_are_reached_by_an_attack_that_is_played(workers, redundancy):
    assignment = build("subset", workers=workers, redundancy=redundancy)
    for q in range(1, min(5, (workers - 1) // 2 + 1)):
        attacks = [frame(assignment, q, d) for d in range(q + 1)] + [decoy(assignment, q)]
        for detector in ("clique", "sound", "certified", "unanimous", "minimax"):
            most = max(passed(assignment, attack, detector, q) for attack in attacks)
            assert worst_case(assignment, q, detector).count >= most
            if detector == "clique":
                assert subset_clique(workers, q, redundancy) == most
        if q >= 2 and redundancy == 3:
            assert subset_decoy(workers, q, redundancy) == passed(assignment, decoy(assignment, q), "clique", q)


@pytest.fixture
def a_short_search_of_its_own(monkeypatch):
    """The worst case looks at 50 graphs, and tells no other test what it found among them."""
    module = importlib.import_module("aspis_sim.distortion.worst_case")
    monkeypatch.setattr(module, "SOME_GRAPHS", 50)
    monkeypatch.setattr(module, "_known", {})


@pytest.mark.usefixtures("a_short_search_of_its_own")
@pytest.mark.parametrize("detector", LOOKING)
@pytest.mark.parametrize(("name", "parameters"), [("mols", {}), ("bibd", {}), ("repetition", {}), ("cyclic", {})])
def test_obvious_lies_and_short_searches_never_pass_what_is_said_to_be_the_most(name, parameters, detector):
    """Neither the bound, which no search has a part in, nor what is found from fewer graphs than the other searches."""
    assignment = build(name, workers=15, redundancy=3, **parameters)
    for q in (1, 2, 4, 7):
        found = worst_case(assignment, q, detector)
        lies = [majority_held(assignment, q), stealth(assignment, q)]
        reached = [passed(assignment, attack, detector, q) for attack in lies]
        reached.append(play(assignment, q, detector, seed=3, effort=60, most_graphs=0).count)
        assert max(reached) <= found.bound
        assert max(reached[:2]) <= found.count
        assert len(found.byzantine) == q


def _random_groups(generator):
    """Six files of three of six workers, three files a worker."""
    while True:
        groups = np.stack([generator.permutation(6) for _ in range(3)], axis=1)
        if all(len(set(group)) == 3 for group in groups.tolist()):
            return np.sort(groups, axis=1).astype(np.int32)


@pytest.mark.parametrize("detector", LOOKING)
def test_small_systems_are_solved_exactly(detector):
    generator = np.random.default_rng(5)
    for _ in range(3):
        assignment = Assignment("custom", 6, _random_groups(generator))
        found, solved = worst_case(assignment, 2, detector), play(assignment, 2, detector)
        assert solved.exhaustive
        assert found.count == solved.count
        if not DETECTORS.traits(detector).keeps_unanimous:
            assert found.exact


def test_the_table_of_proven_cases_agrees_with_the_game_and_with_the_attacks():
    with PROVEN.open(newline="") as lines:
        table = list(csv.DictReader(lines))
    assert {line["detector"] for line in table} == {"clique", "sound", "degree"}
    cases = {(int(line["workers"]), int(line["redundancy"]), int(line["q"])) for line in table}
    assert {(15, 3, 2), (15, 3, 3), (9, 3, 4)} <= cases
    for line in table:
        workers, redundancy, q = int(line["workers"]), int(line["redundancy"]), int(line["q"])
        count = int(line["distorted"])
        if line["detector"] == "clique":
            assert count >= subset_clique(workers, q, redundancy)
        assert worst_case_of_subset(workers, redundancy, q, line["detector"]).proof in ("exhaustive", "closed form")
        if int(line["graphs"]) <= 620 and workers <= 8:
            solved = play(build("subset", workers=workers, redundancy=redundancy), q, line["detector"])
            assert (solved.count, solved.graphs) == (count, int(line["graphs"]))


def test_at_fifteen_workers_and_three_byzantine_the_decoy_is_the_worst():
    found = worst_case(SUBSET, 3, "clique")
    assert (found.count, found.proof) == (15, "exhaustive")
    assert passed(SUBSET, decoy(SUBSET, 3), "clique", 3) == 15


def test_a_detector_of_a_plugin_is_attacked_by_what_is_found():
    def trusting(agreement, *, max_byzantine, assignment=None):
        return Verdict(np.ones(len(agreement), bool), Outcome.AMBIGUOUS)

    DETECTORS.add("trusting", trusting, DetectorTraits())
    try:
        found = worst_case(build("subset", workers=9, redundancy=3), 4, "trusting")
        assert found.count == worst_case(build("subset", workers=9, redundancy=3), 4).count
        assert found.proof == "bound only"
    finally:
        DETECTORS.discard("trusting")
    assert plugin.loaded() == ()


def test_the_strong_attack_is_told_as_published():
    assert [strong_attack(SUBSET, q, "clique").count for q in range(1, 8)] == [0, 2, 10, 28, 60, 110, 182]
    assert [strong_attack(SUBSET, q).count for q in range(1, 8)] == [0, 13, 37, 70, 110, 155, 203]


def test_the_table_tells_the_worst_for_the_detector_of_each_scheme():
    rows = distortion_rows(15, 3, [3], schemes=["aspis", "aspis-certified", "byzshield"], attacks=["strong", "worst"])
    found = {(row.scheme, row.attack): (row.distorted_files, row.proof) for row in rows}
    assert found == {
        ("aspis", "strong"): (10, "closed form"),
        ("aspis", "worst"): (15, "exhaustive"),
        ("aspis-certified", "strong"): (10, "closed form"),
        ("aspis-certified", "worst"): (1, "closed form"),
        ("byzshield", "strong"): (3, "exhaustive"),
        ("byzshield", "worst"): (3, "exhaustive"),
    }


def test_an_unknown_detector_is_refused_before_any_search():
    with pytest.raises(InputError, match="unknown detector 'cliq'; did you mean clique"):
        worst_case(SUBSET, 2, "cliq")
