"""Trust values instead of workers: use what no hypothesis can have forged."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.covers import members
from aspis_sim.detection.hypotheses import Hypotheses, as_mask
from aspis_sim.detection.sound import exclude_forced
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of
from aspis_sim.errors import InputError


def certify_values(agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None) -> Verdict:
    """Certify each value that no hypothesis could have forged, and use nothing else where there is one.

    Claim `a certified value is honest`. A value returned by exactly the workers S is certified if no
    hypothesis contains S. The true Byzantine set A is a hypothesis (`sound`), so S has a worker outside A,
    who is honest and returned the file's gradient. ∎

    The update is the plain mean of the certified values. Where a step returns none, the fallback is
    `unanimous`, with its own claim: at most C(q, r) distorted files. An attacker who wants that must leave
    nothing certified.

    Found for this project.

    Args:
        agreement: bool ``[K, K]``, symmetric: the pair agreed on all the files that it shares, or shares
            none.
        max_byzantine: q, the most workers that are Byzantine, 0 or more.
        assignment: whose groups and slots the table ``certified`` bool ``[f, 2**r]`` is laid out by; needed.

    Returns:
        Outcomes as for the detector `sound`. With `OVER_BUDGET` nothing is certified: majority votes and the
        robust rule.

    Raises:
        InputError: no assignment or one for another K, the graph is not square and symmetric, or
            ``max_byzantine`` is negative.
    """
    disagreement = disagreement_of(agreement, max_byzantine)
    if assignment is None:
        raise InputError("the detector 'certified' needs the assignment: it judges values, file by file")
    if assignment.workers != len(disagreement):
        raise InputError(f"the agreement graph has {len(disagreement)} workers, the assignment {assignment.workers}")
    hypotheses = Hypotheses(disagreement, max_byzantine)
    honest, outcome = exclude_forced(hypotheses)
    groups, table = distinct_groups(assignment)
    if outcome is Outcome.OVER_BUDGET:
        return Verdict(honest, outcome, certified=np.zeros(table.shape, bool))
    return Verdict(
        honest,
        outcome,
        average=outcome is Outcome.UNIQUE,
        certified=certified_groups(hypotheses, groups)[table],
        unanimous=outcome is not Outcome.UNIQUE,
    )


def certified_groups(hypotheses: Hypotheses, groups: tuple[int, ...]) -> NDArray[np.bool_]:
    """Bool ``[len(groups)]``: no hypothesis contains the whole group; an empty group is never certified.

    Args:
        hypotheses: of the graph; there is at least one.
        groups: bitsets of workers, closed under taking subsets, none before a subset of its own.
    """
    certified = 0
    for place, (group, below) in enumerate(zip(groups, _one_less(groups), strict=True)):
        if certified & below or hypotheses.containing(group) is None:
            certified |= 1 << place
    return as_mask(len(groups), certified)


@lru_cache(maxsize=8)
def _one_less(groups: tuple[int, ...]) -> tuple[int, ...]:
    """For each group the places of its subsets with one worker less, as a bitset."""
    place = {group: number for number, group in enumerate(groups)}
    return tuple(sum(1 << place[group ^ 1 << worker] for worker in members(group)) for group in groups)


@lru_cache(maxsize=8)
def distinct_groups(assignment: Assignment) -> tuple[tuple[int, ...], NDArray[np.intp]]:
    """List the sets of workers that can return a value, smaller ones first, and where files have them.

    Returns:
        Bitsets of the distinct subsets of all groups (575 for the subset assignment of 15 workers, r = 3),
        and the int table ``[f, 2**r]`` of each file's slot masks into them.
    """
    files = assignment.files
    redundancy = assignment.redundancy
    slots = np.arange(2**redundancy)[:, None] >> np.arange(redundancy) & 1 == 1
    # A subset as its ascending workers, padded in front: rows sort by size, then by worker.
    subsets = np.sort(np.where(slots, files[:, None, :], -1), axis=-1).reshape(-1, redundancy)
    sizes = (subsets >= 0).sum(axis=1, keepdims=True)
    rows, inverse = np.unique(np.hstack([sizes, subsets]), axis=0, return_inverse=True)
    groups = tuple(sum(1 << worker for worker in row if worker >= 0) for row in rows[:, 1:].tolist())
    return groups, inverse.reshape(len(files), -1).astype(np.intp)
