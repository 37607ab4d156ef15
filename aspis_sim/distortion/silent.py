"""The most distorted files that can enter an update while some honest workers return nothing."""

from math import comb

from aspis_sim.assignment import Assignment
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion.worst_case import worst_case


def distortable_beside(assignment: Assignment, q: int, silent: int, detector: str = "none") -> int:
    """Bound the distorted files of an update by q Byzantine workers where ``silent`` honest ones return nothing.

    A file whose copies arrive from a Byzantine and h honest workers is lost by the vote if a >= h, so that silence
    turns minorities into majorities. On the subset assignment these files are counted: all of them for a vote; for the
    detectors that demand unanimity those with h = 0, C(q + s, r) - C(s, r). On any other assignment it is at
    most all files that Byzantine workers hold, and at most the worst case were the silent workers Byzantine too, where
    these would be a minority. Without silent workers it is `worst_case`.

    Args:
        assignment: f files of r workers each.
        q: Byzantine workers, 0 <= q < K / 2.
        silent: s, of the honest ones.
        detector: a registered name.

    Raises:
        InputError: q is negative or not below K / 2, or there is no such detector.
    """
    alone = worst_case(assignment, q, detector).count
    if not silent or not q:
        return alone
    workers, redundancy = assignment.workers, assignment.redundancy
    if assignment.complete:
        honest = range(1 if DETECTORS.traits(detector).keeps_unanimous else redundancy + 1)
        lost = sum(
            comb(q, liars) * comb(workers - q - silent, others) * comb(silent, redundancy - liars - others)
            for liars in range(1, redundancy + 1)
            for others in honest
            if others <= min(liars, redundancy - liars)
        )
        return max(alone, lost)
    held = min(len(assignment.files), q * assignment.load)
    return min(held, worst_case(assignment, q + silent, detector).count) if 2 * (q + silent) < workers else held
