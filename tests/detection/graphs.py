"""Disagreement graphs for tests, and what is true of them by looking at every set of workers."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray


def between(workers: int, left: Sequence[int], right: Sequence[int]) -> NDArray[np.bool_]:
    """Bool ``[K, K]``: everybody in ``left`` disagrees with everybody in ``right``."""
    graph = np.zeros((workers, workers), bool)
    graph[np.ix_(list(left), list(right))] = True
    return graph | graph.T


def blocks(workers: int, count: int) -> NDArray[np.bool_]:
    """Bool ``[K, K]``: disjoint blocks of two liars against two honest workers."""
    graph = np.zeros((workers, workers), bool)
    for start in range(0, 2 * count, 2):
        honest = workers - 1 - start
        graph |= between(workers, [start, start + 1], [honest, honest - 1])
    return graph


def from_edges(workers: int, edges: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
    graph = np.zeros((workers, workers), bool)
    for u, v in edges:
        graph[u, v] = graph[v, u] = True
    return graph


def random_graph(generator: np.random.Generator, workers: int) -> NDArray[np.bool_]:
    """One of three kinds: evenly random, between two sides only, or a few dense groups."""
    kind = generator.integers(3)
    density = np.full((workers, workers), generator.random())
    if kind == 1:
        side = generator.random(workers) < 0.5
        density = density * (side[:, None] != side)
    if kind == 2:
        group = generator.integers(1 + workers // 4, size=workers)
        density = np.where(group[:, None] == group, 0.8, density * 0.1)
    upper = np.triu(generator.random((workers, workers)) < density, 1)
    return upper | upper.T


def labelled_graphs(workers: int) -> Iterator[NDArray[np.bool_]]:
    pairs = list(itertools.combinations(range(workers), 2))
    for chosen in itertools.product((False, True), repeat=len(pairs)):
        yield from_edges(workers, itertools.compress(pairs, chosen))


def unlabelled_graphs(workers: int) -> Iterator[NDArray[np.bool_]]:
    """One graph of each class up to relabelling, up to 7 workers."""
    for graph in nx.graph_atlas_g():
        if graph.number_of_nodes() == workers:
            yield from_edges(workers, graph.edges)


def all_hypotheses(graph: NDArray[np.bool_], budget: int) -> NDArray[np.int64]:
    """Every set of at most ``budget`` workers with an end of each edge, as bitsets, by trying all sets."""
    sets = np.arange(1 << len(graph), dtype=np.int64)
    explains = np.bitwise_count(sets) <= budget
    for u, v in np.argwhere(np.triu(graph)).tolist():
        explains &= (sets >> u | sets >> v) & 1 == 1
    return sets[explains]
