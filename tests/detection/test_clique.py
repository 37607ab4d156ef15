"""The published detector against a listing of all maximum cliques, and its contract."""

import networkx as nx
import numpy as np
import pytest
from numpy.typing import NDArray

from aspis_sim.detection import DETECTORS, Outcome, detect_by_clique, detector
from aspis_sim.errors import InputError
from tests.detection.graphs import between, blocks, labelled_graphs, random_graph


def check_against_listing(disagreement: NDArray[np.bool_], q: int) -> None:
    workers = len(disagreement)
    agreement = nx.from_numpy_array(~disagreement & ~np.eye(workers, dtype=bool))
    cliques = list(nx.find_cliques(agreement))
    largest = max(map(len, cliques))
    maximum = [clique for clique in cliques if len(clique) == largest]
    verdict = detect_by_clique(~disagreement, max_byzantine=q)
    if largest < workers - q:
        assert verdict.outcome is Outcome.OVER_BUDGET
    else:
        assert verdict.outcome is (Outcome.UNIQUE if len(maximum) == 1 else Outcome.AMBIGUOUS)
    trusted = sorted(maximum[0]) if verdict.outcome is Outcome.UNIQUE else list(range(workers))
    assert np.flatnonzero(verdict.honest).tolist() == trusted
    assert verdict.average == (verdict.outcome is Outcome.UNIQUE)
    assert verdict.certified is None
    assert not verdict.unanimous


@pytest.mark.parametrize("workers", range(1, 6))
def test_every_graph_of_up_to_five_workers(workers: int) -> None:
    for graph in labelled_graphs(workers):
        for q in range((workers + 1) // 2):
            check_against_listing(graph, q)


@pytest.mark.parametrize("seed", range(150))
def test_random_graphs_of_up_to_sixteen_workers(seed: int) -> None:
    generator = np.random.default_rng(seed)
    workers = int(generator.integers(5, 17))
    q = int(generator.integers(0, (workers + 1) // 2))
    graph = random_graph(generator, workers)
    if seed % 2:
        honest = generator.random(workers) < 0.6
        graph &= ~(honest[:, None] & honest)
    check_against_listing(graph, q)


def test_attacks_of_known_outcome() -> None:
    strong = detect_by_clique(~between(101, range(50), range(50, 100)), max_byzantine=50)
    assert strong.outcome is Outcome.AMBIGUOUS
    stalled = detect_by_clique(~blocks(101, 25), max_byzantine=50)
    assert stalled.outcome is Outcome.AMBIGUOUS
    weak = detect_by_clique(~between(101, range(50), range(50, 101)), max_byzantine=50)
    assert np.flatnonzero(~weak.honest).tolist() == list(range(50))
    framed = detect_by_clique(~between(101, range(50), range(50, 99)), max_byzantine=50)
    assert np.flatnonzero(~framed.honest).tolist() == list(range(50, 99))


def test_verdicts_do_not_touch_or_share_their_input() -> None:
    agreement = ~between(5, [0, 1], [2, 3, 4])
    before = agreement.copy()
    agreement.setflags(write=False)
    for name in ("clique", "sound", "unanimous", "none"):
        verdict = DETECTORS[name](agreement, max_byzantine=2)
        assert verdict.honest.shape == (5,)
        assert verdict.honest.dtype == bool
    assert np.array_equal(agreement, before)


def test_the_diagonal_is_not_a_disagreement() -> None:
    agreement = ~between(5, [0, 1], [2, 3, 4])
    np.fill_diagonal(agreement, False)
    assert detect_by_clique(agreement, max_byzantine=2).outcome is Outcome.UNIQUE


@pytest.mark.parametrize("name", list(DETECTORS))
def test_bad_graphs_are_refused(name: str) -> None:
    decide = detector(name)
    with pytest.raises(InputError, match=r"square array, not one of shape \(3, 4\)"):
        decide(np.ones((3, 4), bool), max_byzantine=1)
    with pytest.raises(InputError, match="symmetric"):
        decide(np.triu(np.ones((3, 3), bool)), max_byzantine=1)
    with pytest.raises(InputError, match="cannot be -1"):
        decide(np.ones((3, 3), bool), max_byzantine=-1)


def test_unknown_detectors_are_named() -> None:
    with pytest.raises(InputError, match="did you mean clique"):
        detector("cliq")
    assert list(DETECTORS) == ["clique", "sound", "certified", "unanimous", "minimax", "degree", "none"]
    assert all(DETECTORS.summary(name).endswith(".") for name in DETECTORS)
