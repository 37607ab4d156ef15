"""The most files that q Byzantine workers can distort under the strong attack, with a set that attains it."""

from dataclasses import dataclass

import numpy as np

from aspis_sim.assignment.base import Assignment
from aspis_sim.assignment.subset import subsets
from aspis_sim.distortion.closed_forms import majority, subset_strong
from aspis_sim.errors import InputError


@dataclass(frozen=True)
class WorstCase:
    """The answer of `worst_case`.

    Attributes:
        count: files that the set ``byzantine`` distorts.
        fraction: ``count`` over f.
        byzantine: the q 0-based workers, ascending.
        bound: no set distorts more files than this; equal to ``count`` exactly when that is proven the
        maximum. proof: ``"closed form"``, ``"exhaustive"``, ``"branch and bound"``, or ``"bound only"``
            when ``count`` is just the best found.
    """

    count: int
    fraction: float
    byzantine: tuple[int, ...]
    bound: int
    proof: str


_known: dict[tuple[int, int, bytes, int], WorstCase] = {}


def worst_case(assignment: Assignment, q: int, time_limit: float | None = None) -> WorstCase:
    """Find the most files that q Byzantine workers distort under the strong attack on this assignment.

    On `subset`, C(2q,r)/2 (they keep the detector undecided, which costs them files); on any other
    assignment the maximum over all sets of q workers of the number of files with at least r' = (r+1)/2 of
    them. Answers are kept for the life of the process.

    Args:
        assignment: the assignment under attack.
        q: Byzantine workers, 0 <= q < K/2.
        time_limit: seconds after which a search gives its best set and its proven bound; None: until proven.

    Raises:
        InputError: q is negative or not below K/2.
    """
    workers, redundancy = assignment.workers, assignment.redundancy
    if q < 0 or 2 * q >= workers:
        raise InputError(f"q={q}: with {workers} workers q must be 0 to {(workers - 1) // 2} (below K/2)")
    if assignment.name == "subset":
        return _closed(assignment, subset_strong(q, redundancy), tuple(range(q)))
    if assignment.name in ("baseline", "repetition"):
        return _closed(assignment, q // majority(redundancy), _fill_groups(assignment, q))
    key = (assignment.workers, redundancy, assignment.files.tobytes(), q)
    if key not in _known:
        _known[key] = _exhaustive(assignment, q)
    return _known[key]


def _closed(assignment: Assignment, count: int, byzantine: tuple[int, ...]) -> WorstCase:
    return WorstCase(count, count / len(assignment.files), byzantine, count, "closed form")


def _fill_groups(assignment: Assignment, q: int) -> tuple[int, ...]:
    """r' Byzantines in each of the first groups, the rest in the next one."""
    need = majority(assignment.redundancy)
    return tuple(sorted(int(w) for w in assignment.files[:, :need].ravel()[:q]))


def _exhaustive(assignment: Assignment, q: int) -> WorstCase:
    """Try every q-subset of the workers, in blocks."""
    best = -1
    byzantine: tuple[int, ...] = ()
    sets = subsets(assignment.workers, q)
    held = assignment.incidence.astype(np.int8)
    for start in range(0, len(sets), 1 << 14):
        block = sets[start : start + (1 << 14)]
        counts = sum((held[block[:, i]] for i in range(q)), np.zeros((len(block), 1), np.int8))
        values = (np.broadcast_to(counts, (len(block), held.shape[1])) >= assignment.majority).sum(1)
        if values.max() > best:
            best = int(values.max())
            byzantine = tuple(int(w) for w in block[values.argmax()])
    return WorstCase(best, best / len(assignment.files), byzantine, best, "exhaustive")
