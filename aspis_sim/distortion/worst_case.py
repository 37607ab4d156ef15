"""The most files that q Byzantine workers can distort under the strong attack, with a set that attains it."""

import time
from dataclasses import dataclass
from math import comb

from aspis_sim.assignment.base import Assignment
from aspis_sim.distortion.bounds import counting_bound
from aspis_sim.distortion.branch_and_bound import LevelSearch
from aspis_sim.distortion.closed_forms import majority, subset_strong
from aspis_sim.distortion.exhaustive import exhaustive
from aspis_sim.distortion.local_search import local_search
from aspis_sim.errors import InputError

# Sets times files up to which trying them all is quicker than looking for symmetries.
FEW = 10_000_000


@dataclass(frozen=True)
class WorstCase:
    """The answer of `worst_case`.

    Attributes:
        count: files that the set ``byzantine`` distorts.
        fraction: ``count`` over f.
        byzantine: the q 0-based workers, ascending.
        bound: no set distorts more files than this; equal to ``count`` exactly when the maximum is proven.
        proof: ``"closed form"``, ``"exhaustive"``, ``"branch and bound"``, or ``"bound only"`` when ``count``
            is just the best found.
    """

    count: int
    fraction: float
    byzantine: tuple[int, ...]
    bound: int
    proof: str

    @property
    def exact(self) -> bool:
        """Whether ``count`` is proven to be the maximum."""
        return self.proof != "bound only"


_Key = tuple[int, int, bytes]
_known: dict[tuple[_Key, int], WorstCase] = {}
_searches: dict[_Key, LevelSearch] = {}


def worst_case(assignment: Assignment, q: int, time_limit: float | None = None) -> WorstCase:
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
    workers, redundancy = assignment.workers, assignment.redundancy
    check_byzantine(workers, q)
    if assignment.name == "subset":
        return _closed(assignment, subset_strong(q, redundancy), tuple(range(q)))
    if assignment.name in ("baseline", "repetition"):
        return _closed(assignment, q // majority(redundancy), _fill_groups(assignment, q))
    key = (workers, redundancy, assignment.files.tobytes())
    if (key, q) in _known:
        return _known[key, q]
    answer = _search(assignment, q, key, time_limit)
    if answer.exact:
        _known[key, q] = answer
    return answer


def check_byzantine(workers: int, q: int) -> None:
    """Refuse a number of Byzantine workers that no defence can be asked to survive.

    Raises:
        InputError: q is negative or not below K/2.
    """
    if q < 0 or 2 * q >= workers:
        raise InputError(
            f"q={q} Byzantine workers of {workers}: q must be 0 to {(workers - 1) // 2}, below K/2"
        )


def _closed(assignment: Assignment, count: int, byzantine: tuple[int, ...]) -> WorstCase:
    return WorstCase(count, count / len(assignment.files), byzantine, count, "closed form")


def _fill_groups(assignment: Assignment, q: int) -> tuple[int, ...]:
    """r' Byzantines in each of the first groups, the rest in the next one."""
    need = majority(assignment.redundancy)
    return tuple(sorted(int(w) for w in assignment.files[:, :need].ravel()[:q]))


def _search(assignment: Assignment, q: int, key: _Key, time_limit: float | None) -> WorstCase:
    files = len(assignment.files)
    if comb(assignment.workers, q) * files <= FEW:
        count, byzantine = exhaustive(assignment, q)
        return WorstCase(count, count / files, byzantine, count, "exhaustive")
    deadline = None if time_limit is None else time.monotonic() + time_limit
    count, byzantine = local_search(assignment, q)
    bound = counting_bound(assignment, q)
    if count < bound:
        if key not in _searches:
            _searches[key] = LevelSearch(assignment)
        outcome = _searches[key].beat(q, count, deadline)
        bound = min(bound, outcome.bound)
        if outcome.better is not None:
            count, byzantine = outcome.best, outcome.better
    proof = "branch and bound" if count == bound else "bound only"
    return WorstCase(count, count / files, byzantine, bound, proof)
