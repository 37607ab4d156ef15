"""How many files can still be distorted after a verdict: what the robust rule behind it has to stand."""

from math import comb

import numpy as np

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.verdict import Verdict


def still_distortable(
    verdict: Verdict, q: int, assignment: Assignment, distortable: int, by_vote: int, silent: int = 0
) -> int:
    """The most distorted files c that can enter the update after this verdict.

    With a demand for unanimity a distorted file has, apart from e excluded workers, only Byzantine ones, of whom q - e
    are left: the files inside a set of q workers, less those inside the excluded set, C(q, r) - C(e, r) times the
    most files that one group holds, and never more than can pass the detector at all. That is exact on the subset
    assignment. A verdict that selects files says itself how many of them can be distorted while nobody is silent.
    Otherwise c is the worst case of the vote.

    Args:
        verdict: on the graph of the round.
        q: Byzantine workers.
        assignment: f files of r workers each.
        distortable: the most that can pass the detector, whatever its verdict.
        by_vote: the most that can pass a verdict without that demand.
        silent: honest workers of whom nothing has arrived, who leave files to the Byzantine ones as these would.
    """
    if not verdict.unanimous:
        return by_vote
    if verdict.distorted is not None and not silent:
        return min(verdict.distorted, distortable)
    excluded = int((~verdict.honest).sum())
    r = assignment.redundancy
    groups = (comb(q + silent, r) - comb(excluded, r)) * most_files_a_group(assignment)
    return max(0, min(groups, distortable))


def most_files_a_group(assignment: Assignment) -> int:
    """The largest number of files that are held by exactly the same workers."""
    return int(np.unique(assignment.files, axis=0, return_counts=True)[1].max())
