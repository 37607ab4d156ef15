"""The exact extreme by trying every set of q workers, for sizes where that takes a moment."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.assignment.subset import subsets

BLOCK = 1 << 14


def exhaustive(assignment: Assignment, q: int, most: bool = True) -> tuple[int, tuple[int, ...]]:
    """Return the most files with at least r' of q workers, and the lexicographically first such workers.

    Time grows as C(K, q).

    Args:
        assignment: K workers, f files.
        q: how many workers to choose.
        most: False to return the fewest files instead.
    """
    sign = 1 if most else -1
    held = assignment.incidence.astype(np.uint8 if q < 256 else np.uint16)
    best, byzantine = -held.shape[1] - 1, np.zeros(0, np.int32)
    for block in _sets(assignment.workers, q):
        counts = np.zeros((len(block), held.shape[1]), held.dtype)
        for column in block.T:
            counts += held[column]
        values = sign * (counts >= assignment.majority).sum(1)
        if values.max() > best:
            best, byzantine = int(values.max()), block[values.argmax()]
    return sign * best, tuple(int(w) for w in byzantine)


def _sets(workers: int, q: int) -> Iterator[NDArray[np.int32]]:
    """All q-subsets in lexicographic order, a block of rows at a time."""
    head = min(q, 2)
    for start in subsets(workers, head):
        used = int(start[-1]) + 1 if head else 0
        if workers - used < q - head:
            continue
        tails = subsets(workers - used, q - head) + np.int32(used)
        for first in range(0, len(tails), BLOCK):
            tail = tails[first : first + BLOCK]
            yield np.concatenate([np.broadcast_to(start, (len(tail), head)), tail], axis=1)
