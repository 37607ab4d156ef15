"""The disagreement graphs that lies can make: up to relabelling of the workers, or all that are reached."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.game.lies import Lies


def is_complete(assignment: Assignment) -> bool:
    """Whether the files are all r-subsets of the workers, so that every relabelling keeps the assignment."""
    files = assignment.files
    every = math.comb(assignment.workers, assignment.redundancy)
    return len(files) == every == len(np.unique(np.sort(files, axis=1), axis=0))


def count_at_least(byzantine: int, honest: int) -> int:
    """Lower bound on the length of `graphs_up_to_relabelling`: as if no Byzantines were ever alike."""
    columns = math.comb(2**byzantine + honest - 1, honest)
    return 2 ** math.comb(byzantine, 2) * columns // math.factorial(byzantine)


def graphs_up_to_relabelling(byzantine: int, honest: int) -> Iterator[int]:
    """Yield one graph of each class under relabelling of the Byzantine and of the honest workers.

    All graphs whose every edge has a Byzantine end, realisable or not: a graph on the q Byzantine workers,
    and for each honest one the set of Byzantines it disagrees with. Honest workers are alike, so these sets
    form a multiset; of the images of a multiset under the permutations that keep the graph on the Byzantines,
    the first counts. (K, q) = (5, 2), (7, 3), (9, 3): 26, 562 and 2,676 graphs.

    Args:
        byzantine: q; they are the workers 0 to q-1.
        honest: K - q.

    Returns:
        Bitsets of pairs, bit ``u * K + v`` with ``u < v``.
    """
    workers = byzantine + honest
    permutations = list(itertools.permutations(range(byzantine)))
    images = np.array(
        [
            [sum(1 << p[a] for a in range(byzantine) if subset >> a & 1) for subset in range(2**byzantine)]
            for p in permutations
        ]
    )
    multisets = np.array(list(itertools.combinations_with_replacement(range(2**byzantine), honest)), np.int64).reshape(
        -1, honest
    )
    for inner, keeping in _inner_graphs(byzantine, permutations):
        code = _codes(multisets, 2**byzantine)
        first = np.ones(len(multisets), bool)
        for index in keeping:
            first &= code <= _codes(np.sort(images[index][multisets], axis=1), 2**byzantine)
        base = sum(1 << u * workers + v for u, v in inner)
        for row in multisets[first].tolist():
            yield base + sum(
                1 << a * workers + byzantine + h
                for h, subset in enumerate(row)
                for a in range(byzantine)
                if subset >> a & 1
            )


def _codes(multisets: NDArray[np.int64], base: int) -> NDArray[np.uint64]:
    """Each row as one number in the given base; rows of up to 64 bits are told apart."""
    code = np.zeros(len(multisets), np.uint64)
    for column in multisets.T.astype(np.uint64):
        code = code * np.uint64(base) + column
    return code


def _inner_graphs(
    size: int, permutations: list[tuple[int, ...]]
) -> Iterator[tuple[tuple[tuple[int, int], ...], list[int]]]:
    """Yield a graph on ``size`` vertices of each class: its edges, and the permutations that keep it."""
    pairs = list(itertools.combinations(range(size), 2))
    seen: set[frozenset[tuple[int, int]]] = set()
    for chosen in itertools.product((False, True), repeat=len(pairs)):
        edges = tuple(itertools.compress(pairs, chosen))
        moved = [frozenset((min(p[u], p[v]), max(p[u], p[v])) for u, v in edges) for p in permutations]
        here = frozenset(edges)
        if here not in seen:
            seen.update(moved)
            yield edges, [index for index, graph in enumerate(moved) if graph == here]


def reachable_graphs(lies: Lies, most: int) -> list[int] | None:
    """All graphs that some choice of options makes, or None if there are more than ``most``."""
    reached = {0}
    by_file: dict[int, set[int]] = {}
    for file, edges in zip(lies.file.tolist(), lies.edges, strict=True):
        by_file.setdefault(file, set()).add(edges)
    for options in by_file.values():
        reached = {graph | edges for graph in reached for edges in options}
        if len(reached) > most:
            return None
    return sorted(reached)
