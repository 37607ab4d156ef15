"""Good Byzantine sets by exchanging one worker at a time: where an exact search starts from."""

import time

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment

RESTARTS = 24
MOVES = 40
WORK = 4e9  # multiplications; large assignments get fewer restarts


def local_search(
    assignment: Assignment, q: int, most: bool = True, end: float | None = None
) -> tuple[int, tuple[int, ...]]:
    """Look for q workers that have a majority in as many files as possible (``most``), or as few.

    From a greedy start and from random ones in turn, the best exchange of one member against one outsider is
    made a fixed number of times, ties broken at random. The result carries no promise of being the best; it is
    deterministic unless ``end`` comes before it.

    Args:
        assignment: of files to workers.
        q: how many workers.
        most: whether they are to win as many files as possible, not as few.
        end: of `time.monotonic`, after which the best set so far is given; the first start is always looked at.

    Returns:
        The number of files, and the q workers, ascending.
    """
    rng = np.random.default_rng(0)
    held = assignment.incidence.astype(np.float32)
    need = assignment.majority
    sign = 1 if most else -1
    best, members = -held.shape[1] - 1, np.zeros(0, np.int64)
    restarts = int(np.clip(WORK / (MOVES * 2 * max(q, 1) * held.size), 2, RESTARTS))
    for start in range(restarts):
        inside = _greedy(held, need, q, sign, rng) if start % 2 == 0 else rng.permutation(len(held))[:q]
        for _ in range(MOVES if 0 < q < len(held) else 1):
            value = sign * int((held[inside].sum(0) >= need).sum())
            if value > best:
                best, members = value, inside.copy()
            if end is not None and time.monotonic() > end:
                return sign * best, tuple(sorted(int(w) for w in members))
            if 0 < q < len(held):
                inside = _exchange(held, need, inside, sign, rng)
    return sign * best, tuple(sorted(int(w) for w in members))


def _exchange(
    held: NDArray[np.float32], need: int, inside: NDArray[np.int64], sign: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Swap the pair after which most files have a majority and, second, most are one copy short of it."""
    outside = np.setdiff1d(np.arange(len(held)), inside)
    counts = held[inside].sum(0) - held[inside]
    one_short = (counts == need - 1).astype(np.float32)
    two_short = (counts == need - 2).astype(np.float32)
    completed = one_short @ held[outside].T
    started = two_short @ held[outside].T
    value = (counts >= need).sum(1)[:, None] + completed
    near = one_short.sum(1)[:, None] - completed + started
    score = sign * (value + near / (2 * held.shape[1])) + 0.1 * rng.random(value.shape)
    leave, enter = np.unravel_index(np.argmax(score), score.shape)
    changed = inside.copy()
    changed[leave] = outside[enter]
    return changed


def _greedy(held: NDArray[np.float32], need: int, q: int, sign: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Add, one at a time, the worker whose files are closest to a majority."""
    chosen: list[int] = []
    counts = np.zeros(held.shape[1], np.float32)
    for _ in range(q):
        score = sign * (held @ np.where(counts < need, 4.0**counts, 0.0)) + rng.random(len(held))
        score[chosen] = -np.inf
        chosen.append(int(np.argmax(score)))
        counts += held[chosen[-1]]
    return np.array(chosen, np.int64)
