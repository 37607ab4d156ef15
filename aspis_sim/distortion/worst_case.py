"""The most distorted files that q Byzantine workers can bring into one update, for an assignment and a detector."""

import csv
from functools import cache
from math import comb
from pathlib import Path

import numpy as np

from aspis_sim.assignment import Assignment, build
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion.closed_forms import majority, subset_clique, subset_held, subset_strong, subset_weak
from aspis_sim.distortion.result import Placement, check_byzantine
from aspis_sim.distortion.search.most_held import most_held

PROVEN = Path(__file__).with_name("proven.csv")
"""Worst cases of the subset assignment that are known by examining every disagreement graph; made by
``python -m benchmarks proven``."""

FEW_GRAPHS = 1_000
"""Disagreement graphs up to which all are examined: some tenths of a second."""

SOME_GRAPHS, COPIES = 500, 500_000
"""Graphs that a local search looks at where there are more, and copies that it judges at most."""


_known: dict[tuple[object, ...], Placement] = {}


def worst_case(assignment: Assignment, q: int, detector: str = "none", time_limit: float | None = None) -> Placement:
    """Find the most distorted files that q Byzantine workers can bring into one update past this detector.

    - "none", the bare vote: the most files with at least r' = (r+1)/2 Byzantines, over all sets of q workers.
    - "certified", "unanimous" and "minimax": the most files that q workers hold alone, C(q, r) on `subset`. A distorted
      file that is kept has no honest worker that is not excluded, and nobody honest is. "minimax" keeps fewer files, on
      other assignments than `subset` perhaps fewer of these too: that is then the bound, and the answer as below.
    - "sound" and "degree": never more than the bare vote loses, since nobody honest is excluded; on `subset` at least
      C(2q, r) / 2 (arXiv 2208.08085, Theorem 1), which leaves the detector undecided.
    - "clique": it can be made to exclude honest workers. On `subset` the largest known of Theorem 1's count, the decoy
      and the frame-ups.

    The last two are exact where the game was solved (all disagreement graphs examined, `aspis_sim.game`): on `subset`
    in the table `PROVEN`, elsewhere where there are few. Otherwise they are the best known, with the proof "bound
    only". Proven answers are kept for the life of the process.

    Args:
        assignment: the assignment under attack.
        q: Byzantine workers, 0 <= q < K/2; the detector is told the same number.
        detector: a registered name.
        time_limit: seconds after which a search for a set of workers gives its best set and its proven bound; None:
            until proven (or until the sets to look at outgrow the memory allowed).

    Raises:
        InputError: q is negative or not below K/2, or there is no such detector.
    """
    DETECTORS.check(detector)
    check_byzantine(assignment.workers, q)
    traits = DETECTORS.traits(detector)
    if assignment.complete and (found := _of_subset(assignment.workers, assignment.redundancy, q, detector)):
        return found
    if not traits.detects:
        return most_held(assignment, q, assignment.majority, time_limit)
    if traits.keeps_unanimous and not traits.selects:
        return most_held(assignment, q, assignment.redundancy, time_limit)
    key = (assignment.workers, assignment.files.tobytes(), assignment.redundancy, q, detector, DETECTORS[detector])
    if (found := _known.get(key)) is None:
        found = _played(assignment, q, detector, time_limit)
        if time_limit is None or found.exact:
            _known[key] = found
    return found


def worst_case_of_subset(workers: int, redundancy: int, q: int, detector: str = "none") -> Placement:
    """`worst_case` of the subset assignment, without its table of C(K, r) groups where that is not needed.

    Raises:
        InputError: as `worst_case`.
    """
    DETECTORS.check(detector)
    check_byzantine(workers, q)
    found = _of_subset(workers, redundancy, q, detector)
    return found or worst_case(build("subset", workers=workers, redundancy=redundancy), q, detector)


def strong_attack(assignment: Assignment, q: int, detector: str = "none", time_limit: float | None = None) -> Placement:
    """The files that the published strong attack (ATT-2) distorts.

    On `subset` against a detector C(2q, r) / 2, which leave it undecided (arXiv 2208.08085, Theorem 1); otherwise the
    worst case of the bare vote.

    Raises:
        InputError: as `worst_case`.
    """
    if assignment.complete:
        return strong_attack_on_subset(assignment.workers, assignment.redundancy, q, detector)
    return worst_case(assignment, q, time_limit=time_limit)


def strong_attack_on_subset(workers: int, redundancy: int, q: int, detector: str = "none") -> Placement:
    """`strong_attack` on the subset assignment, without its table of groups.

    Raises:
        InputError: as `worst_case`.
    """
    check_byzantine(workers, q)
    if not DETECTORS.traits(detector).detects:
        return worst_case_of_subset(workers, redundancy, q)
    return Placement.closed(subset_strong(q, redundancy), comb(workers, redundancy), tuple(range(q)))


def _of_subset(workers: int, redundancy: int, q: int, detector: str) -> Placement | None:
    """The answer on the subset assignment; None for a detector of which nothing is known."""
    traits, files, byzantine = DETECTORS.traits(detector), comb(workers, redundancy), tuple(range(q))
    by_vote = subset_held(workers, q, redundancy, majority(redundancy))
    if not traits.detects:
        return Placement.closed(by_vote, files, byzantine)
    if traits.keeps_unanimous:
        return Placement.closed(subset_weak(q, redundancy), files, byzantine)
    if traits.accuses_only_liars:
        known, bound = subset_strong(q, redundancy), by_vote
    elif traits.excludes_to_average:
        known, bound = subset_clique(workers, q, redundancy), subset_held(workers, q, redundancy, 1)
    else:
        return None
    if (solved := _proven().get((workers, redundancy, q, detector))) is not None:
        return Placement(solved, solved / files, byzantine, solved, "exhaustive")
    return Placement(known, known / files, byzantine, bound, "closed form" if known == bound else "bound only")


@cache
def _proven() -> dict[tuple[int, int, int, str], int]:
    with PROVEN.open(encoding="utf-8", newline="") as lines:
        return {
            (int(line["workers"]), int(line["redundancy"]), int(line["q"]), line["detector"]): int(line["distorted"])
            for line in csv.DictReader(lines)
        }


def _limit(assignment: Assignment, q: int, detector: str, time_limit: float | None) -> int:
    """What the distorted files of an update are proven not to exceed, without a search among lies.

    A detector that accuses only liars leaves the vote no worse than it is without one; any other passes at most the
    files that Byzantine workers hold at all; one that demands unanimity too, at most those that they hold alone.
    """
    traits = DETECTORS.traits(detector)
    need = assignment.redundancy if traits.keeps_unanimous else assignment.majority if traits.accuses_only_liars else 1
    return most_held(assignment, q, need, time_limit).bound


def _played(assignment: Assignment, q: int, detector: str, time_limit: float | None) -> Placement:
    """The answer on any assignment: from all disagreement graphs if they are few, else the best lies found.

    Tried are all that q workers can win by vote, all that they hold alone, and what a short local search finds.
    """
    from aspis_sim.game import play
    from aspis_sim.game.result import judge

    files, effort = len(assignment.files), max(1, min(SOME_GRAPHS, COPIES // assignment.files.size))
    found = play(assignment, q, detector, effort=effort, most_graphs=FEW_GRAPHS)
    members = tuple(int(worker) for worker in np.flatnonzero(found.byzantine))
    if found.exhaustive:
        return Placement(found.count, found.count / files, members, found.count, "exhaustive")
    bound = _limit(assignment, q, detector, time_limit)
    best = Placement(found.count, found.count / files, members, bound, "bound only")
    for need in (assignment.majority, assignment.redundancy):
        held = most_held(assignment, q, need, time_limit)
        lies = np.isin(assignment.files, held.byzantine)
        lies &= lies.sum(1, keepdims=True) >= need
        score, _ = judge(assignment, lies, DETECTORS[detector], q)
        if score.count >= best.count:
            proof = held.proof if held.exact and score.count == bound else "bound only"
            best = Placement(score.count, score.count / files, held.byzantine, bound, proof)
    return best
