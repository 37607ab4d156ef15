"""The published detector: trust the maximum clique of the agreement graph if there is exactly one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.hypotheses import Hypotheses, as_mask
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def detect_by_clique(agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None) -> Verdict:
    """Trust the unique maximum clique and exclude the rest, as published; with several, exclude nobody.

    A clique of the agreement graph is the complement of a vertex cover of its complement, so the maximum
    clique is unique exactly if the cover of least size is: it is, if every worker of one least cover is in
    all covers of that size. This answers without listing cliques, of which there can be 2^q.

    Source: "Detection and Mitigation of Byzantine Attacks in Distributed Training" (arXiv 2208.08085),
    section on Aspis, which lists all maximum cliques. Different here: where even the least cover has more
    than q workers, the assumption of the scheme is broken, and the verdict says so instead of trusting a
    clique of fewer than K - q. What does *not* hold: that the excluded workers are Byzantine
    (`aspis_sim.detection.sound`).

    Args:
        agreement: bool ``[K, K]``, symmetric: the pair agreed on all the files that it shares, or shares
            none.
        max_byzantine: q, the most workers assumed Byzantine, 0 or more.
        assignment: not used.

    Returns:
        `UNIQUE`: the rest is excluded, and the update is the plain mean of one copy a file. `AMBIGUOUS`,
        `OVER_BUDGET`: nobody is excluded; majority votes and the robust rule.

    Raises:
        InputError: the graph is not square and symmetric, or ``max_byzantine`` is negative.
    """
    import numpy as np

    disagreement = disagreement_of(agreement, max_byzantine)
    workers = len(disagreement)
    everybody = np.ones(workers, bool)
    least = Hypotheses(disagreement, max_byzantine).least
    if least is None:
        return Verdict(everybody, Outcome.OVER_BUDGET)
    if Hypotheses(disagreement, least.bit_count()).forced != least:
        return Verdict(everybody, Outcome.AMBIGUOUS)
    return Verdict(~as_mask(workers, least), Outcome.UNIQUE, average=True)
