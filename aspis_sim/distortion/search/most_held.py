"""The most files of which q workers hold a given number of copies, with workers that attain it."""

import time
from dataclasses import dataclass
from math import comb

from aspis_sim.assignment.base import Assignment
from aspis_sim.distortion.bounds import counting_bound
from aspis_sim.distortion.closed_forms import repetition_held, subset_held
from aspis_sim.distortion.result import Placement
from aspis_sim.distortion.search.branch_and_bound import LevelSearch, Outcome
from aspis_sim.distortion.search.exhaustive import exhaustive
from aspis_sim.distortion.search.local_search import local_search

# Sets times files up to which trying them all is quicker than looking for symmetries.
FEW = 10_000_000
# Share of a time limit that goes into beating the best set found; the rest lowers the bound if that fails.
FIRST_SHARE = 0.6


_Key = tuple[int, int, bytes]
_known: dict[tuple[_Key, int], Placement] = {}
_searches: dict[_Key, LevelSearch] = {}


@dataclass(frozen=True, eq=False)
class _Needing(Assignment):
    """An assignment in which a file counts from another number of copies on than its majority."""

    need: int = 0

    @property
    def majority(self) -> int:
        return self.need


def most_held(assignment: Assignment, q: int, need: int, time_limit: float | None = None) -> Placement:
    """Find q workers that hold at least ``need`` copies each of as many files as possible.

    Proven answers are kept for the life of the process.

    Args:
        assignment: of files to workers.
        q: how many workers, 0 <= q < K/2.
        need: r' for the files whose vote they win, r for those that they hold alone, 1 for those that they hold at all.
        time_limit: seconds after which a search gives its best set and its proven bound; None: until proven (or until
            the sets to look at outgrow the memory allowed).
    """
    workers, redundancy, files = assignment.workers, assignment.redundancy, len(assignment.files)
    if assignment.complete:
        return Placement.closed(subset_held(workers, q, redundancy, need), files, tuple(range(q)))
    if assignment.disjoint:
        return Placement.closed(repetition_held(files, q, need), files, _fill_groups(assignment, q, need))
    if need != assignment.majority:
        assignment = _Needing(assignment.name, workers, assignment.files, need=need)
    key = (workers, need, assignment.files.tobytes())
    if (key, q) in _known:
        return _known[key, q]
    answer = _search(assignment, q, key, time_limit)
    if answer.exact:
        _known[key, q] = answer
    return answer


def _fill_groups(assignment: Assignment, q: int, need: int) -> tuple[int, ...]:
    """As many workers as are needed in each of the first groups, the rest in the next one."""
    return tuple(sorted(int(w) for w in assignment.files[:, :need].ravel()[:q]))


def _search(assignment: Assignment, q: int, key: _Key, time_limit: float | None) -> Placement:
    files = len(assignment.files)
    if comb(assignment.workers, q) * files <= FEW:
        count, byzantine = exhaustive(assignment, q)
        return Placement(count, count / files, byzantine, count, "exhaustive")
    start = time.monotonic()
    count, byzantine = local_search(assignment, q, end=None if time_limit is None else start + time_limit)
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
