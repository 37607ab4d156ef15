"""The files that q Byzantine workers cost when spread out as thinly as can be: the weak attack."""

from math import comb

from aspis_sim.assignment.base import Assignment
from aspis_sim.distortion.closed_forms import repetition_weak, subset_weak
from aspis_sim.distortion.result import Placement, check_byzantine
from aspis_sim.distortion.search.exhaustive import exhaustive
from aspis_sim.distortion.search.local_search import local_search

# Sets times files: up to FEW all sets are tried at once, up to MANY when a search has not come down to no
# file.
FEW = 10_000_000
MANY = 200_000_000

_known: dict[tuple[int, int, bytes, int], Placement] = {}


def spread_out(assignment: Assignment, q: int) -> Placement:
    """Files that the weak attack costs: the published figures where there are some, else the fewest.

    On `subset` the detector finds all Byzantines and C(q,r) files are lost with them; on `repetition`
    max(0, q - (K/r)(r'-1)) groups have a Byzantine majority when the q are spread out; on `baseline` q
    files. On any other assignment, which the paper does not treat, the same reading as for `repetition`:
    the fewest files with a majority over all placements. Answers are kept for the life of the process.

    Returns:
        `Placement` whose ``bound`` is a lower bound; equal to ``count`` when that is proven the minimum.

    Raises:
        InputError: q is negative or not below K/2.
    """
    workers, redundancy, files = assignment.workers, assignment.redundancy, len(assignment.files)
    check_byzantine(workers, q)
    if assignment.complete:
        return Placement.closed(subset_weak(q, redundancy), files, tuple(range(q)))
    if assignment.disjoint:
        spread = assignment.files.T.ravel()[:q]
        count = repetition_weak(workers, redundancy, q)
        return Placement.closed(count, files, tuple(sorted(int(w) for w in spread)))
    key = (workers, redundancy, assignment.files.tobytes(), q)
    if key not in _known:
        _known[key] = _search(assignment, q)
    return _known[key]


def _search(assignment: Assignment, q: int) -> Placement:
    files = len(assignment.files)
    sets = comb(assignment.workers, q) * files
    if sets > FEW:
        count, members = local_search(assignment, q, most=False)
        if count == 0:
            return Placement(0, 0.0, members, 0, "branch and bound")
        if sets > MANY:
            return Placement(count, count / files, members, 0, "bound only")
    count, members = exhaustive(assignment, q, most=False)
    return Placement(count, count / files, members, count, "exhaustive")
