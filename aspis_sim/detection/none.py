"""No detection: every copy is voted on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of


def detect_nothing(agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None) -> Verdict:
    """Exclude nobody: majority votes and the robust rule, as ByzShield and DETOX do.

    Args:
        agreement: bool ``[K, K]``; only its size is read.
        max_byzantine: 0 or more; not used.
        assignment: not used.

    Raises:
        InputError: the graph is not square and symmetric, or ``max_byzantine`` is negative.
    """
    workers = len(disagreement_of(agreement, max_byzantine))
    return Verdict(np.ones(workers, bool), Outcome.SKIPPED)
