"""Worst cases, luckiest cases, expectations and the catalogue on random assignments, against every set of q workers."""

import importlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from aspis_sim.assignment import ASSIGNMENTS, Assignment, build
from aspis_sim.distortion import spread_out, worst_case
from aspis_sim.distortion.catalogue import buildable, plan
from aspis_sim.distortion.expectation import expected_distorted
from aspis_sim.errors import InputError
from tests.detection.sparse_systems import random_regular

most_held_module = importlib.import_module("aspis_sim.distortion.search.most_held")

SHAPES = [(3, 3, 2), (4, 3, 3), (5, 3, 3), (6, 3, 1), (6, 3, 2), (6, 3, 3), (6, 3, 4), (7, 3, 3), (7, 1, 1), (6, 1, 2)]
SHAPES += [(5, 5, 2), (7, 5, 5), (10, 5, 1), (8, 3, 6), (9, 3, 4)]
"""K, r and l, of which K l / r files follow."""


def lost(groups: list[list[int]], byzantine: tuple[int, ...]) -> int:
    """Files of whose copies more than half are in the hands of these workers."""
    return sum(2 * sum(worker in byzantine for worker in group) > len(group) for group in groups)


def counts(assignment: Assignment, q: int) -> dict[tuple[int, ...], int]:
    """The files that each set of q workers outvotes."""
    groups = assignment.files.tolist()
    return {some: lost(groups, some) for some in combinations(range(assignment.workers), q)}


def from_file(folder: Path, seed: int, workers: int, redundancy: int, load: int) -> Assignment:
    """A random assignment written to a file, its groups in disorder, and read as a user's."""
    drawn = random_regular(seed, workers, redundancy, load).files
    disorder = np.random.default_rng(seed).permuted(drawn, axis=1)
    path = folder / "groups.txt"
    path.write_text("\n".join(" ".join(map(str, group)) for group in disorder.tolist()))
    found = build("custom", workers=workers, redundancy=redundancy, path=str(path))
    assert sorted(map(sorted, found.files.tolist())) == sorted(map(sorted, drawn.tolist()))
    return found


@pytest.mark.parametrize("searched", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_worst_set_is_the_worst_of_all_sets(shape, searched, tmp_path, monkeypatch):
    """Once with all sets tried, as systems of this size are, and once by branch and bound, as larger ones are.

    The search is given a poor set to beat, so that it has to find the worst by itself.
    """
    monkeypatch.setattr(most_held_module, "_known", {})
    if searched:

        def first(assignment, q, end):
            return lost(assignment.files.tolist(), tuple(range(q))), tuple(range(q))

        monkeypatch.setattr(most_held_module, "FEW", 0)
        monkeypatch.setattr(most_held_module, "local_search", first)
    for seed in range(6):
        assignment = from_file(tmp_path, seed, *shape)
        groups = assignment.files.tolist()
        for q in range((assignment.workers + 1) // 2):
            every = counts(assignment, q)
            found = worst_case(assignment, q)
            assert (found.count, found.bound, found.exact) == (max(every.values()),) * 2 + (True,)
            assert lost(groups, found.byzantine) == found.count
            assert len(set(found.byzantine)) == q
            assert found.fraction == found.count / len(groups)
            luckiest = spread_out(assignment, q)
            assert luckiest.count == min(every.values()) == lost(groups, luckiest.byzantine)
            mean = Fraction(sum(every.values()), len(every))
            assert expected_distorted(len(groups), assignment.workers, assignment.redundancy, q) == mean


def test_the_searched_cases_are_searched(monkeypatch):
    monkeypatch.setattr(most_held_module, "_known", {})
    monkeypatch.setattr(most_held_module, "FEW", 0)
    assert worst_case(random_regular(0, 9, 3, 4), 3).proof == "branch and bound"


@pytest.fixture
def drawn() -> Iterator[None]:
    """A registered assignment with some other groups for every K and r that divides 2 K."""
    ASSIGNMENTS.add("drawn", _drawn)
    yield
    ASSIGNMENTS.discard("drawn")


def _drawn(workers: int, redundancy: int) -> Assignment:
    if 2 * workers % redundancy:
        raise InputError("r does not divide 2 K")
    return random_regular(workers, workers, redundancy, 2)


@pytest.mark.parametrize("workers", [3, 5, 6, 7, 9])
def test_the_catalogue_counts_what_every_set_distorts(workers, drawn):
    for q in range((workers + 1) // 2):
        listed = [option for option in buildable(workers, q) if not ASSIGNMENTS.traits(option.assignment).complete]
        assert {"baseline", "cyclic"} <= {option.assignment for option in listed}
        assert ("drawn" in {option.assignment for option in listed}) == any(workers * 2 % r == 0 for r in (3, 5, 7))
        for option in listed:
            assignment = build(option.assignment, workers=workers, redundancy=option.redundancy)
            worst = max(counts(assignment, q).values())
            files = len(assignment.files)
            assert (option.distorted, option.bound, option.fraction) == (worst, worst, worst / files)
            loads = {sum(worker in group for group in assignment.files.tolist()) for worker in range(workers)}
            assert (option.files, {option.load}, option.overhead) == (files, loads, option.redundancy)


@pytest.mark.parametrize("most_files", [8, 10**6])
def test_the_plan_keeps_what_fits_in_order_of_cost(most_files, drawn):
    for limit in (0.0, 0.2, 0.35, 1.0):
        fitting = [option for option in buildable(9, 3) if option.fraction <= limit and option.load <= most_files]
        cheapest = sorted(fitting, key=lambda option: (option.redundancy, option.load, option.fraction))
        if fitting:
            assert plan(9, 3, max_fraction=limit, max_load=most_files) == cheapest
