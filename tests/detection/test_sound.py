"""The outcomes of the sound detectors on graphs small enough to read; certificates by their definition."""

import itertools

import numpy as np
import pytest

from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.certified import distinct_groups
from aspis_sim.errors import InputError
from tests.detection.graphs import all_hypotheses, between, from_edges, random_graph
from tests.detection.random_attacks import system


@pytest.mark.parametrize(
    ("edges", "q", "outcome", "excluded"),
    [
        ([], 2, Outcome.AMBIGUOUS, []),
        ([], 0, Outcome.UNIQUE, []),
        # Worker 0 against three others: guilty, and the second of two could be anybody.
        ([(0, 4), (0, 5), (0, 6)], 2, Outcome.PARTIAL, [0]),
        ([(0, 4), (0, 5), (0, 6)], 1, Outcome.UNIQUE, [0]),
        ([(0, 4), (0, 5), (0, 6), (1, 4), (1, 5), (1, 6)], 2, Outcome.UNIQUE, [0, 1]),
        # Two against two: nobody can tell which side.
        ([(0, 5), (0, 6), (1, 5), (1, 6)], 2, Outcome.AMBIGUOUS, []),
        # A triangle needs two, any two; with a fourth worker against one corner, that corner is forced.
        ([(0, 1), (1, 2), (0, 2)], 2, Outcome.AMBIGUOUS, []),
        ([(0, 1), (1, 2), (0, 2), (0, 3)], 2, Outcome.PARTIAL, [0]),
        ([(0, 1), (2, 3)], 1, Outcome.OVER_BUDGET, []),
    ],
)
def test_outcomes(edges: list[tuple[int, int]], q: int, outcome: Outcome, excluded: list[int]) -> None:
    agreement = ~from_edges(7, edges)
    for name in ("sound", "unanimous", "certified"):
        verdict = DETECTORS[name](agreement, max_byzantine=q, assignment=system("subset", 7, 3))
        assert verdict.outcome is outcome
        assert np.flatnonzero(~verdict.honest).tolist() == excluded
        assert verdict.average == (outcome is Outcome.UNIQUE)
        undecided = outcome in (Outcome.PARTIAL, Outcome.AMBIGUOUS)
        assert verdict.unanimous == (undecided and name != "sound")


@pytest.mark.parametrize(
    ("name", "workers", "redundancy", "groups"),
    [("subset", 15, 3, 575 + 1), ("subset", 7, 5, 119 + 1), ("repetition", 9, 3, 22), ("mols", 15, 3, 116)],
)
def test_distinct_groups_are_the_subsets_of_all_files(name: str, workers: int, redundancy: int, groups: int) -> None:
    assignment = system(name, workers, redundancy)
    bitsets, table = distinct_groups(assignment)
    assert len(bitsets) == len(set(bitsets)) == groups
    assert [group.bit_count() for group in bitsets] == sorted(group.bit_count() for group in bitsets)
    for file, mask in itertools.product(range(0, len(assignment.files), 7), range(2**redundancy)):
        workers_of = [int(w) for slot, w in enumerate(assignment.files[file]) if mask >> slot & 1]
        assert bitsets[table[file, mask]] == sum(1 << worker for worker in workers_of)


@pytest.mark.parametrize("seed", range(30))
def test_certificates_by_their_definition(seed: int) -> None:
    generator = np.random.default_rng(seed)
    name, workers, redundancy = [("subset", 9, 3), ("subset", 7, 5), ("mols", 12, 3)][seed % 3]
    assignment = system(name, workers, redundancy)
    graph = random_graph(generator, workers)
    honest = generator.permutation(workers)[: workers // 2 + 1]
    graph[np.ix_(honest, honest)] = False
    q = (workers - 1) // 2
    verdict = DETECTORS["certified"](~graph, max_byzantine=q, assignment=assignment)
    everything = all_hypotheses(graph, q)
    assert verdict.certified is not None
    assert verdict.certified.shape == (len(assignment.files), 2**redundancy)
    for file, mask in itertools.product(range(len(assignment.files)), range(2**redundancy)):
        group = sum(1 << int(w) for slot, w in enumerate(assignment.files[file]) if mask >> slot & 1)
        assert verdict.certified[file, mask] == (not (group & ~everything == 0).any())


def test_with_few_possible_liars_a_group_certifies_itself() -> None:
    assignment = system("subset", 7, 3)
    verdict = DETECTORS["certified"](np.ones((7, 7), bool), max_byzantine=2, assignment=assignment)
    assert verdict.certified is not None
    assert verdict.certified.sum(axis=0).tolist() == [0, 0, 0, 0, 0, 0, 0, 35]


def test_certified_needs_a_fitting_assignment() -> None:
    with pytest.raises(InputError, match="'certified' needs the assignment"):
        DETECTORS["certified"](np.ones((7, 7), bool), max_byzantine=2)
    with pytest.raises(InputError, match="graph has 6 workers, the assignment 7"):
        DETECTORS["certified"](np.ones((6, 6), bool), max_byzantine=2, assignment=system("subset", 7, 3))


def test_nothing_is_certified_over_budget() -> None:
    verdict = DETECTORS["certified"](~between(7, [0, 1], [2, 3]), max_byzantine=1, assignment=system("subset", 7, 3))
    assert verdict.outcome is Outcome.OVER_BUDGET
    assert verdict.certified is not None
    assert not verdict.certified.any()
    assert verdict.honest.all()
    assert not verdict.average
