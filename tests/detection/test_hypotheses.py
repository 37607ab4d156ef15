"""The cover machinery against every set of workers, on every small graph and on random larger ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aspis_sim.detection.covers import CoverSolver, members
from aspis_sim.detection.hypotheses import Hypotheses, as_bits, as_mask
from tests.detection.graphs import (
    all_hypotheses,
    between,
    blocks,
    labelled_graphs,
    random_graph,
    unlabelled_graphs,
)


def check(graph: NDArray[np.bool_], budget: int, groups: list[int]) -> None:
    """Compare every answer with the list of all hypotheses."""
    everything = all_hypotheses(graph, budget)
    found = Hypotheses(graph, budget)
    if not len(everything):
        assert found.least is None
        assert (found.forced, found.unique) == (0, False)
        return
    assert found.least in everything
    assert found.least is not None
    assert found.least.bit_count() == np.bitwise_count(everything).min()
    assert found.forced == np.bitwise_and.reduce(everything)
    assert found.unique == (len(everything) == 1)
    for group in groups:
        for fresh in (found, Hypotheses(graph, budget)):
            containing, avoiding = fresh.containing(group), fresh.avoiding(group)
            assert (containing is not None) == bool((group & ~everything == 0).any())
            assert (avoiding is not None) == bool((group & everything == 0).any())
            assert containing is None or (containing in everything and group & ~containing == 0)
            assert avoiding is None or (avoiding in everything and group & avoiding == 0)


@pytest.mark.parametrize("workers", range(1, 6))
def test_every_labelled_graph_of_up_to_five_workers(workers: int) -> None:
    for graph in labelled_graphs(workers):
        for budget in range(workers):
            check(graph, budget, [1, (1 << workers) - 2])


@pytest.mark.parametrize(("workers", "graphs"), [(6, 156), (7, 1044)])
def test_every_graph_of_six_and_seven_workers(workers: int, graphs: int) -> None:
    generator = np.random.default_rng(workers)
    seen = 0
    for graph in unlabelled_graphs(workers):
        order = generator.permutation(workers)
        for budget in range(1, workers - 1):
            check(graph[np.ix_(order, order)], budget, generator.integers(1 << workers, size=2).tolist())
        seen += 1
    assert seen == graphs


@pytest.mark.parametrize("seed", range(60))
def test_random_graphs_of_up_to_sixteen_workers(seed: int) -> None:
    generator = np.random.default_rng(seed)
    workers = int(generator.integers(8, 17))
    graph = random_graph(generator, workers)
    least = Hypotheses(graph, workers).least
    assert least is not None
    size = least.bit_count()
    groups = (generator.integers(1 << workers, size=4) & generator.integers(1 << workers, size=4)).tolist()
    for budget in {max(size - 1, 0), size, min(size + 1, workers - 1), workers // 2}:
        check(graph, budget, groups)


@pytest.mark.parametrize("seed", range(10))
def test_least_covers_of_larger_random_graphs_are_complements_of_maximum_independent_sets(seed: int) -> None:
    nx = pytest.importorskip("networkx")
    generator = np.random.default_rng(seed)
    graph = random_graph(generator, 30)
    agreement = nx.from_numpy_array(~graph & ~np.eye(30, dtype=bool))
    largest = max(len(clique) for clique in nx.find_cliques(agreement))
    least = Hypotheses(graph, 30).least
    assert least is not None
    assert least.bit_count() == 30 - largest
    assert Hypotheses(graph, 30 - largest - 1).least is None
    assert not graph[np.ix_(~as_mask(30, least), ~as_mask(30, least))].any()


def test_structured_graphs_of_a_hundred_and_one_workers() -> None:
    liars = range(50)
    strong = Hypotheses(between(101, liars, range(50, 100)), 50)
    assert strong.forced == 0
    framed = Hypotheses(between(101, liars, range(50, 80)), 50)
    assert framed.forced == 0
    assert as_mask(101, framed.least or 0).nonzero()[0].tolist() == list(range(50, 80))
    stalled = Hypotheses(blocks(101, 25), 50)
    assert (stalled.least or 0).bit_count() == 50
    assert stalled.forced == 0
    exposed = Hypotheses(between(101, liars, range(50, 101)), 50)
    assert exposed.unique
    assert exposed.forced == (1 << 50) - 1


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 14), st.integers(0, 7))
def test_relabelling_workers_relabels_the_answers(seed: int, workers: int, budget: int) -> None:
    generator = np.random.default_rng(seed)
    graph = random_graph(generator, workers)
    order = generator.permutation(workers)
    one, other = Hypotheses(graph, budget), Hypotheses(graph[np.ix_(order, order)], budget)
    assert np.array_equal(as_mask(workers, one.forced)[order], as_mask(workers, other.forced))
    assert one.unique == other.unique


def test_bitsets_and_masks_are_inverse() -> None:
    mask = np.array([True, False, False, True, True, False, False, False, False, True])
    assert as_bits(mask) == 0b1000011001
    assert list(members(as_bits(mask))) == [0, 3, 4, 9]
    assert np.array_equal(as_mask(10, as_bits(mask)), mask)


def test_solver_keeps_to_the_vertices_it_is_given() -> None:
    path = CoverSolver([0b0010, 0b0101, 0b1010, 0b0100])
    assert path.least(0b1111, 2) in (0b0110, 0b0101, 0b1010)
    assert path.least(0b1111, 1) is None
    assert path.least(0b1001, 0) == 0
    assert path.least(0b0011, 1) in (0b01, 0b10)
