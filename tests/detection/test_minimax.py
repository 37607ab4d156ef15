"""The detector `minimax` against listing all hypotheses, and what its proof promises."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray

from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS, minimax
from aspis_sim.detection.reference import agreement_graph
from aspis_sim.errors import InputError
from aspis_sim.game.graphs import graphs_up_to_relabelling
from tests.detection.random_attacks import system
from tests.detection.sparse_systems import SYSTEMS, random_values

decide = DETECTORS["minimax"]


def explaining(disagreement: NDArray[np.bool_], q: int) -> list[set[int]]:
    edges = np.argwhere(np.triu(disagreement)).tolist()
    sets = [set(some) for size in range(q + 1) for some in combinations(range(len(disagreement)), size)]
    return [one for one in sets if all(u in one or v in one for u, v in edges)]


def framed(workers: int, q: int, victims: int) -> NDArray[np.bool_]:
    """Agreement: each of the first q workers disagrees with each of the next ones."""
    agree = np.ones((workers, workers), bool)
    agree[:q, q : q + victims] = agree[q : q + victims, :q] = False
    return agree


def all_graphs(workers: int, q: int) -> Iterator[NDArray[np.bool_]]:
    for graph in graphs_up_to_relabelling(q, workers - q):
        upper = [graph >> bit & 1 for bit in range(workers**2)]
        disagreement = np.array(upper, bool).reshape(workers, workers)
        yield disagreement | disagreement.T


@pytest.mark.parametrize(("workers", "q", "redundancy"), [(3, 1, 3), (5, 2, 3), (6, 2, 3), (7, 3, 3), (7, 3, 5)])
def test_no_graph_of_a_small_system_breaks_the_claim(workers: int, q: int, redundancy: int) -> None:
    assignment = build("subset", workers=workers, redundancy=redundancy)
    share, undecided = Fraction(comb(q, redundancy), comb(workers, redundancy)), 0
    for disagreement in all_graphs(workers, q):
        verdict = decide(~disagreement, max_byzantine=q, assignment=assignment)
        if verdict.kept is None:
            continue
        undecided += 1
        held = [
            sum(set(group) <= one for group in assignment.files[verdict.kept].tolist())
            for one in explaining(disagreement, q)
        ]
        assert verdict.distorted == max(held)
        assert verdict.distorted <= share * int(verdict.kept.sum())
    assert undecided == (q >= redundancy)


@pytest.mark.parametrize(("workers", "q"), [(9, 4), (10, 4), (11, 5)])
def test_graphs_after_which_nothing_is_certified(workers: int, q: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stars, frame-ups and disjoint pairs of them, with the hypotheses listed and without."""
    assignment, seen = system("subset", workers, 3), 0
    share = Fraction(comb(q, 3), comb(workers, 3))
    blocks = [(one, other) for one in range(1, 3) for other in range(1, 4)]
    for first, second in product([(0, 0), *blocks], [(0, 0), *blocks]):
        sizes = np.cumsum([0, *first, *second])
        disagreement = np.zeros((workers, workers), bool)
        for a, b, c in (sizes[:3], sizes[2:5]):
            disagreement[a:b, b:c] = disagreement[b:c, a:b] = True
        listed = decide(~disagreement, max_byzantine=q, assignment=assignment)
        if listed.kept is None:
            continue
        seen += 1
        monkeypatch.setattr(minimax, "MOST_SETS", 0)
        bounded = decide(~disagreement, max_byzantine=q, assignment=assignment)
        monkeypatch.undo()
        for verdict in (listed, bounded):
            assert verdict.kept is not None
            assert verdict.distorted is not None
            groups = assignment.files[verdict.kept].tolist()
            most = max(sum(set(group) <= one for group in groups) for one in explaining(disagreement, q))
            assert most <= verdict.distorted <= share * len(groups)
            assert most == verdict.distorted or verdict is bounded
    assert seen > 3


def test_frame_ups_of_seven_liars() -> None:
    """Of 371 unanimous files under a frame-up of three workers, 189 with at most 4 distorted instead of 35."""
    assignment = system("subset", 15, 3)
    found = []
    for victims in range(6):
        verdict = decide(framed(15, 7, victims), max_byzantine=7, assignment=assignment)
        found.append(None if verdict.kept is None else (verdict.distorted, int(verdict.kept.sum())))
    assert found == [(35, 455), (20, 349), (10, 261), (4, 189), (1, 131), None]


@pytest.mark.parametrize("name", SYSTEMS)
def test_settled_files_are_those_that_no_copies_can_split(name: str) -> None:
    assignment = SYSTEMS[name]
    generator = np.random.default_rng(3)
    for q in range(1, (assignment.workers + 1) // 2):
        for _, values in random_values(q, assignment, q, 5):
            disagreement = ~agreement_graph(assignment, values)
            honest = generator.random(assignment.workers) < 0.9
            settled = minimax.settled_files(disagreement, honest, assignment)
            for file, group in enumerate(assignment.files.tolist()):
                left = [worker for worker in group if honest[worker]]
                split = any(
                    all(disagreement[u, v] for u in part for v in set(left) - set(part))
                    for size in range(1, len(left))
                    for part in combinations(left, size)
                )
                assert settled[file] == (bool(left) and not split)


def test_without_an_assignment_it_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="needs the assignment"):
        decide(np.ones((5, 5), bool), max_byzantine=2)
