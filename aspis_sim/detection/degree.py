"""Detection by degrees, as in Aspis+: a worker whom more than q others contradict is flagged."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of


def detect_by_degree(agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None) -> Verdict:
    """Flag every worker with fewer than K - q - 1 edges, as published for Aspis+ (Konstantinidis et al., 2023).

    An honest worker can be contradicted by the q Byzantines only, so nobody honest is flagged. In a run the graph is
    that of a window of iterations: an edge, once lost, is lost until the window ends
    (`aspis_sim.simulation.server.degree_window`); here it is that of one iteration.

    Args:
        agreement: bool ``[K, K]``, symmetric: the pair agreed on all the files that it shares, or shares none.
        max_byzantine: q, the most workers that are Byzantine, 0 or more.
        assignment: not used.

    Returns:
        `UNIQUE`: exactly q are flagged, plain mean. `PARTIAL`: some are, fewer than q. `AMBIGUOUS`: none is. In both
        the votes of the others and the robust rule. `OVER_BUDGET`: more than q would be flagged; nobody is.

    Raises:
        InputError: the graph is not square and symmetric, or ``max_byzantine`` is negative.
    """
    contradicted = disagreement_of(agreement, max_byzantine).sum(1)
    flagged = contradicted > max_byzantine
    count = int(flagged.sum())
    if count > max_byzantine:
        return Verdict(np.ones(len(flagged), bool), Outcome.OVER_BUDGET)
    if count == max_byzantine:
        return Verdict(~flagged, Outcome.UNIQUE, average=True)
    return Verdict(~flagged, Outcome.PARTIAL if count else Outcome.AMBIGUOUS)
