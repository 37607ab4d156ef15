"""Keep only files on which no two trusted workers disagree."""

from typing import Any

from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.hypotheses import Hypotheses
from aspis_sim.detection.sound import exclude_forced
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of


def keep_unanimous_files(
    agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None
) -> Verdict:
    """After excluding the forced workers, use only files whose remaining copies are all equal.

    Claim `a distorted file has only Byzantine workers`. The forced workers are Byzantine (`sound`), so a file
    with an honest worker keeps that worker's copy; if it passes, its value equals that copy and is honest.
    What passes distorted has r Byzantine workers: on the subset assignment at most C(q, r) files, on any
    other at most as many as have their whole group in one set of q. ∎ Fewer cannot be promised by a rule that
    uses every file when nobody disagrees, since a group of r Byzantines can lie without a trace.

    Found for this project.

    Args:
        agreement: bool ``[K, K]``, symmetric: the pair agreed on all the files that it shares, or shares
            none.
        max_byzantine: q, the most workers that are Byzantine, 0 or more.
        assignment: not used.

    Returns:
        Outcomes as for the detector `sound`; `UNIQUE`: plain mean of one copy a file, all of them honest.
        `PARTIAL`, `AMBIGUOUS`: unanimous files, robust rule. `OVER_BUDGET`: the claim has no ground, so
            majority
        votes and the robust rule over all files.

    Raises:
        InputError: the graph is not square and symmetric, or ``max_byzantine`` is negative.
    """
    disagreement = disagreement_of(agreement, max_byzantine)
    honest, outcome = exclude_forced(Hypotheses(disagreement, max_byzantine))
    undecided = outcome in (Outcome.PARTIAL, Outcome.AMBIGUOUS)
    return Verdict(honest, outcome, average=outcome is Outcome.UNIQUE, unanimous=undecided)
