"""The exact worst case by trying every set of q workers, for sizes where that takes a moment."""

import numpy as np

from aspis_sim.assignment.base import Assignment
from aspis_sim.assignment.subset import subsets

BLOCK = 1 << 14


def exhaustive(assignment: Assignment, q: int) -> tuple[int, tuple[int, ...]]:
    """Return the most files with at least r' of q workers, and the first such q workers in lexicographic
    order.

    Memory and time grow as C(K, q).
    """
    sets = subsets(assignment.workers, q)
    held = assignment.incidence.astype(np.uint8 if q < 256 else np.uint16)
    best, byzantine = -1, sets[0]
    for start in range(0, len(sets), BLOCK):
        block = sets[start : start + BLOCK]
        counts = np.zeros((len(block), held.shape[1]), held.dtype)
        for column in block.T:
            counts += held[column]
        values = (counts >= assignment.majority).sum(1)
        if values.max() > best:
            best, byzantine = int(values.max()), block[values.argmax()]
    return best, tuple(int(w) for w in byzantine)
