"""The most files that q Byzantine workers can distort under the strong attack, with a set that attains it."""

import time
from math import comb

from aspis_sim.assignment.base import Assignment
from aspis_sim.distortion.bounds import counting_bound
from aspis_sim.distortion.branch_and_bound import LevelSearch, Outcome
from aspis_sim.distortion.closed_forms import majority, repetition_strong, subset_strong
from aspis_sim.distortion.exhaustive import exhaustive
from aspis_sim.distortion.local_search import local_search
from aspis_sim.distortion.result import Placement, check_byzantine

# Sets times files up to which trying them all is quicker than looking for symmetries.
FEW = 10_000_000
# Share of a time limit that goes into beating the best set found; the rest lowers the bound if that fails.
FIRST_SHARE = 0.6


_Key = tuple[int, int, bytes]
_known: dict[tuple[_Key, int], Placement] = {}
_searches: dict[_Key, LevelSearch] = {}


def worst_case(assignment: Assignment, q: int, time_limit: float | None = None) -> Placement:
    """Find the most files that q Byzantine workers distort under the strong attack on this assignment.

    On `subset`, C(2q,r)/2 (they keep the detector undecided, which costs them files); on any other assignment
    the maximum over all sets of q workers of the number of files with at least r' = (r+1)/2 of them. Proven
    answers are kept for the life of the process.

    Args:
        assignment: the assignment under attack.
        q: Byzantine workers, 0 <= q < K/2.
        time_limit: seconds after which a search gives its best set and its proven bound; None: until proven
            (or until the sets to look at outgrow the memory allowed).

    Raises:
        InputError: q is negative or not below K/2.
    """
    workers, redundancy, files = assignment.workers, assignment.redundancy, len(assignment.files)
    check_byzantine(workers, q)
    if assignment.complete:
        return Placement.closed(subset_strong(q, redundancy), files, tuple(range(q)))
    if assignment.disjoint:
        return Placement.closed(repetition_strong(q, redundancy), files, _fill_groups(assignment, q))
    key = (workers, redundancy, assignment.files.tobytes())
    if (key, q) in _known:
        return _known[key, q]
    answer = _search(assignment, q, key, time_limit)
    if answer.exact:
        _known[key, q] = answer
    return answer


def _fill_groups(assignment: Assignment, q: int) -> tuple[int, ...]:
    """r' Byzantines in each of the first groups, the rest in the next one."""
    need = majority(assignment.redundancy)
    return tuple(sorted(int(w) for w in assignment.files[:, :need].ravel()[:q]))


def _search(assignment: Assignment, q: int, key: _Key, time_limit: float | None) -> Placement:
    files = len(assignment.files)
    if comb(assignment.workers, q) * files <= FEW:
        count, byzantine = exhaustive(assignment, q)
        return Placement(count, count / files, byzantine, count, "exhaustive")
    start = time.monotonic()
    count, byzantine = local_search(assignment, q)
    bound = counting_bound(assignment, q)
    if count < bound:
        if key not in _searches:
            _searches[key] = LevelSearch(assignment)
        deadline = None if time_limit is None else start + FIRST_SHARE * time_limit
        outcome = _searches[key].beat(q, count, deadline)
        bound = min(bound, outcome.bound)
        if outcome.better is not None:
            count, byzantine = outcome.best, outcome.better
        elif count < bound and time_limit is not None:
            outcome = _tighten(_searches[key], q, count, bound, start + time_limit)
            bound = outcome.bound
            if outcome.better is not None:
                count, byzantine = outcome.best, outcome.better
    proof = "branch and bound" if count == bound else "bound only"
    return Placement(count, count / files, byzantine, bound, proof)


def _tighten(search: LevelSearch, q: int, count: int, bound: int, end: float) -> Outcome:
    """Lower the bound by bisection: more files are quicker to refute (or, rarely, to find)."""
    low = count
    while bound - low > 1 and time.monotonic() < end:
        middle = (low + bound) // 2
        half = time.monotonic() + (end - time.monotonic()) / 2
        outcome = search.beat(q, middle, half)
        if outcome.better is not None:
            return outcome
        if outcome.bound <= middle:
            bound = middle
        else:
            low, bound = middle, min(bound, outcome.bound)
    return Outcome(bound)
