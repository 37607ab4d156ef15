"""The graphs that are looked at: one of each class under relabelling, and all that lies reach."""

import itertools

import numpy as np
import pytest

from aspis_sim.assignment import build
from aspis_sim.game.graphs import count_at_least, graphs_up_to_relabelling, is_complete, reachable_graphs
from aspis_sim.game.lies import lies_of


def relabelled(graph: int, workers: int, order: tuple[int, ...]) -> int:
    moved = 0
    for u, v in itertools.combinations(range(workers), 2):
        if graph >> u * workers + v & 1:
            a, b = sorted((order[u], order[v]))
            moved |= 1 << a * workers + b
    return moved


@pytest.mark.parametrize(("byzantine", "honest"), [(1, 3), (2, 2), (2, 3), (3, 2), (0, 3)])
def test_one_graph_of_each_class(byzantine: int, honest: int) -> None:
    workers = byzantine + honest
    graphs = list(graphs_up_to_relabelling(byzantine, honest))
    orders = [
        (*inner, *(byzantine + h for h in outer))
        for inner in itertools.permutations(range(byzantine))
        for outer in itertools.permutations(range(honest))
    ]
    classes = {frozenset(relabelled(graph, workers, order) for order in orders) for graph in graphs}
    assert len(classes) == len(graphs)
    pairs = byzantine * (byzantine - 1) // 2 + byzantine * honest
    assert len(frozenset().union(*classes)) == 2**pairs
    assert len(graphs) >= count_at_least(byzantine, honest)


@pytest.mark.parametrize(("byzantine", "honest", "graphs"), [(2, 3, 26), (3, 4, 562), (3, 6, 2676)])
def test_known_numbers_of_graphs(byzantine: int, honest: int, graphs: int) -> None:
    assert sum(1 for _ in graphs_up_to_relabelling(byzantine, honest)) == graphs


def test_reachable_graphs_are_the_unions_of_one_option_a_file() -> None:
    assignment = build("repetition", workers=6, redundancy=3)
    lies = lies_of(assignment, np.array([True, True, False, True, False, False]))
    options = [np.flatnonzero(lies.file == file) for file in range(2)]
    unions = {lies.edges[a] | lies.edges[b] for a in options[0] for b in options[1]}
    assert reachable_graphs(lies, 100) == sorted(unions)
    assert reachable_graphs(lies, len(unions) - 1) is None


def test_options_are_all_subsets_of_a_files_byzantines() -> None:
    lies = lies_of(build("subset", workers=5, redundancy=3), np.array([True, False, True, False, True]))
    assert len(lies.edges) == 8 + 6 * 4 + 3 * 2
    for option, edges in enumerate(lies.edges):
        group = lies.assignment.files[lies.file[option]]
        liars = set(group[lies.liars[option]].tolist())
        graph = lies.disagreement(edges)
        expected = {(u, v) for u in liars for v in set(group.tolist()) - liars}
        assert np.array_equal(graph, graph.T)
        assert {(u, v) for u, v in np.argwhere(graph).tolist() if u in liars and v not in liars} == expected
        assert int(graph.sum()) == 2 * len(expected)


def test_only_all_subsets_are_complete() -> None:
    assert is_complete(build("subset", workers=6, redundancy=3))
    assert is_complete(build("baseline", workers=5, redundancy=1))
    assert not is_complete(build("repetition", workers=6, redundancy=3))
