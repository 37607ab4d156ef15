"""Exclude only workers whose guilt follows from the graph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.hypotheses import Hypotheses, as_mask
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of


def detect_by_forced_workers(
    agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None
) -> Verdict:
    """Exclude exactly the workers that are in every hypothesis; nobody honest is ever among them.

    Claim `no honest worker is excluded`. Let A be the true Byzantine set, |A| ≤ q, and let honest copies
    agree. Each disagreement has an end in A, so A is a hypothesis, and a worker in every hypothesis is in A.
    ∎ Nothing larger is sound: a worker outside some hypothesis B is honest if B is the truth, and B could be.

    Claim `a unique hypothesis is the truth`. With one hypothesis only, it is A: every other worker is honest,
    one copy a file is its gradient, and the plain mean is exact. When the forced workers explain the whole
    graph but are fewer than q, the others agree among themselves, and up to q - |forced| of them may still
    lie on files that they hold alone: vote and robust rule, not the mean.

    Where every Byzantine lies on all its files, all q of them and K > 2q, each disagrees with more than q
    workers, is forced, and is found. Against A × D with |D| ≤ q nothing is forced: the vote decides.

    Found for this project.

    Args:
        agreement: bool ``[K, K]``, symmetric: the pair agreed on all the files that it shares, or shares
            none.
        max_byzantine: q, the most workers that are Byzantine, 0 or more.
        assignment: not used.

    Returns:
        `UNIQUE`: one hypothesis, excluded, plain mean. `PARTIAL`, `AMBIGUOUS`, `OVER_BUDGET` (nobody is
        excluded in the last two): majority votes of the copies that remain and the robust rule.

    Raises:
        InputError: the graph is not square and symmetric, or ``max_byzantine`` is negative.
    """
    disagreement = disagreement_of(agreement, max_byzantine)
    honest, outcome = exclude_forced(Hypotheses(disagreement, max_byzantine))
    return Verdict(honest, outcome, average=outcome is Outcome.UNIQUE)


def exclude_forced(hypotheses: Hypotheses) -> tuple[NDArray[np.bool_], Outcome]:
    """Bool ``[K]``, False where a worker is in every hypothesis, and what that leaves open."""
    honest = ~as_mask(hypotheses.workers, hypotheses.forced)
    if hypotheses.least is None:
        return honest, Outcome.OVER_BUDGET
    if hypotheses.unique:
        return honest, Outcome.UNIQUE
    return honest, Outcome.PARTIAL if hypotheses.forced else Outcome.AMBIGUOUS
