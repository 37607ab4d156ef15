"""Small assignments without a construction, and the worst case by plain counting, for the tests here."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np

from aspis_sim.assignment import Assignment


def random_system(seed: int, workers: int, redundancy: int, load: int) -> Assignment:
    """Every worker in ``load`` random groups: ``load`` random partitions of the workers, side by side."""
    rng = np.random.default_rng(seed)
    rounds = [rng.permutation(workers).reshape(-1, redundancy) for _ in range(load)]
    return Assignment("custom", workers, np.sort(np.concatenate(rounds), axis=1).astype(np.int32))


def relabelled(assignment: Assignment, seed: int) -> Assignment:
    """The same assignment with its workers and files in another order."""
    rng = np.random.default_rng(seed)
    moved = rng.permutation(assignment.workers)[assignment.files]
    return Assignment("custom", assignment.workers, np.sort(rng.permutation(moved), axis=1).astype(np.int32))


def distorted(assignment: Assignment, byzantine: Iterable[int]) -> int:
    """Files with at least r' of these workers."""
    chosen = set(byzantine)
    return sum(len(chosen.intersection(group)) >= assignment.majority for group in assignment.files.tolist())


def plain_extremes(assignment: Assignment, q: int) -> tuple[int, int]:
    """Least and most files that q workers distort, set by set."""
    counts = [distorted(assignment, chosen) for chosen in combinations(range(assignment.workers), q)]
    return min(counts), max(counts)
