"""The worst case: exact against plain counting, certified, and the same under any relabelling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspis_sim.assignment import build
from aspis_sim.distortion import spread_out, worst_case
from aspis_sim.distortion.search.branch_and_bound import LevelSearch
from aspis_sim.distortion.search.exhaustive import exhaustive
from aspis_sim.distortion.search.local_search import local_search
from aspis_sim.errors import InputError
from tests.distortion.systems import distorted, plain_extremes, random_system, relabelled

SMALL = [
    ("mols", 12, 3),
    ("bibd", 9, 3),
    ("bibd", 11, 5),
    ("ramanujan-2", 9, 3),
    ("cyclic", 9, 3),
    ("cyclic", 11, 5),
    ("repetition", 9, 3),
]


@pytest.mark.parametrize(("name", "workers", "redundancy"), SMALL)
def test_all_methods_agree_with_plain_counting(name, workers, redundancy):
    assignment = build(name, workers=workers, redundancy=redundancy)
    search = LevelSearch(assignment)
    for q in range((workers + 1) // 2):
        least, most = plain_extremes(assignment, q)
        found = worst_case(assignment, q)
        assert (found.count, found.bound) == (most, most)
        assert found.exact
        assert found.fraction == most / len(assignment.files)
        assert len(found.byzantine) == q
        assert distorted(assignment, found.byzantine) == most
        assert exhaustive(assignment, q)[0] == most
        assert exhaustive(assignment, q, most=False)[0] == least
        outcome = search.beat(q, -1)
        assert (outcome.best, outcome.bound) == (most, most)
        assert outcome.better is not None
        assert distorted(assignment, outcome.better) == most
        assert search.beat(q, most).better is None
        assert search.beat(q, most).bound == most


@given(
    seed=st.integers(0, 10_000),
    shape=st.sampled_from([(9, 3, 2), (9, 3, 4), (12, 3, 3), (10, 5, 3), (7, 7, 2), (8, 1, 1)]),
)
@settings(max_examples=12, deadline=None)
def test_random_systems_agree_with_plain_counting(seed, shape):
    assignment = random_system(seed, *shape)
    search = LevelSearch(assignment)
    for q in range((shape[0] + 1) // 2):
        least, most = plain_extremes(assignment, q)
        assert worst_case(assignment, q).count == most
        assert spread_out(assignment, q).count == least
        assert search.beat(q, -1).best == most
        value, members = local_search(assignment, q)
        assert distorted(assignment, members) == value <= most
        beaten = search.beat(q, value)
        assert max(value, beaten.best) == most == beaten.bound


@given(
    seed=st.integers(0, 10_000),
    case=st.sampled_from([("mols", 15, 3), ("bibd", 13, 3), ("ramanujan-2", 25, 5)]),
)
@settings(max_examples=15, deadline=None)
def test_relabelling_the_workers_changes_no_worst_case(seed, case):
    name, workers, redundancy = case
    assignment = build(name, workers=workers, redundancy=redundancy)
    moved = relabelled(assignment, seed)
    for q in (3, 5):
        found = worst_case(moved, q)
        assert found.count == worst_case(assignment, q).count
        assert distorted(moved, found.byzantine) == found.count


def test_more_than_64_workers_take_two_words():
    assignment = build("cyclic", workers=70, redundancy=3)
    search = LevelSearch(assignment)
    assert search.singles.shape == (70, 2)
    for q in (2, 3):
        assert search.beat(q, 0).best == exhaustive(assignment, q)[0] > 0
    assert search.beat(4, 6).bound == 6


def test_the_subset_assignment_has_its_closed_form():
    assignment = build("subset", workers=15, redundancy=3)
    found = [worst_case(assignment, q) for q in range(8)]
    assert [placement.count for placement in found] == [0, 0, 13, 37, 70, 110, 155, 203]
    assert found[7].byzantine == (0, 1, 2, 3, 4, 5, 6)
    assert {placement.proof for placement in found} == {"closed form"}
    assert all(distorted(assignment, placement.byzantine) == placement.count for placement in found)


def test_repetition_fills_groups():
    assignment = build("repetition", workers=15, redundancy=5)
    found = worst_case(assignment, 7)
    assert (found.count, found.byzantine) == (2, (0, 1, 2, 5, 6, 7, 10))
    assert distorted(assignment, found.byzantine) == 2


def test_the_baseline_loses_q_files():
    found = worst_case(build("baseline", workers=15, redundancy=1), 7)
    assert (found.count, found.fraction, len(found.byzantine)) == (7, 7 / 15, 7)


def test_no_time_gives_a_bound_and_no_false_certificate():
    assignment = build("cyclic", workers=41, redundancy=9)
    found = worst_case(assignment, 15, time_limit=0.0)
    assert found.proof == "bound only"
    assert not found.exact
    assert found.bound > found.count == distorted(assignment, found.byzantine)


def test_without_time_a_search_looks_at_its_first_set_alone(monkeypatch):
    assignment = build("cyclic", workers=41, redundancy=9)
    local = "aspis_sim.distortion.search.local_search._exchange"
    monkeypatch.setattr(local, lambda *arguments: pytest.fail("another set is looked at"))
    count, byzantine = local_search(assignment, 15, end=0.0)
    assert len(set(byzantine)) == 15
    assert count == distorted(assignment, byzantine)
    found = worst_case(assignment, 15, time_limit=0.0)
    assert found.count == distorted(assignment, found.byzantine) >= count


def test_a_stopped_search_bounds_by_the_levels_it_finished(monkeypatch):
    assignment = build("mols", workers=24, redundancy=3)
    monkeypatch.setattr("aspis_sim.distortion.search.branch_and_bound.LARGEST_LEVEL", 4)
    outcome = LevelSearch(assignment).beat(9, 20)
    assert outcome.better is None
    assert 27 <= outcome.bound <= 64


@pytest.mark.parametrize(("q", "message"), [(8, "q must be 0 to 7, below K/2"), (-1, "q=-1 Byzantine workers of 15")])
@pytest.mark.parametrize("function", [worst_case, spread_out])
def test_impossible_numbers_of_byzantines_are_refused(function, q, message):
    with pytest.raises(InputError, match=message):
        function(build("mols", workers=15, redundancy=3), q)


def test_answers_are_kept():
    first = worst_case(build("bibd", workers=13, redundancy=3), 6)
    assert worst_case(build("bibd", workers=13, redundancy=3), 6) is first
    assert np.array_equal(first.byzantine, sorted(first.byzantine))
