"""Which workers are Byzantine and which of their copies they distort, for a given assignment.

All of these are deterministic: the adversary knows the assignment and does the most harm its kind can do.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment
from aspis_sim.distortion import worst_case
from aspis_sim.distortion.closed_forms import majority
from aspis_sim.errors import InputError
from aspis_sim.registry import Registry


@dataclass(frozen=True, eq=False)
class Attack:
    """Who lies, and where.

    Attributes:
        byzantine: bool ``[K]``.
        distorts: bool ``[f, r]``, the copies that are distorted; all of them belong to Byzantine workers.
    """

    byzantine: NDArray[np.bool_]
    distorts: NDArray[np.bool_]


def none(assignment: Assignment, q: int) -> Attack:
    """Nobody lies; the first q workers are Byzantine all the same, and could be accused."""
    return _on_files(assignment, np.arange(q), np.zeros(len(assignment.files), bool))


def weak(assignment: Assignment, q: int) -> Attack:
    """ATT-1: every file that a Byzantine worker holds is distorted, and the workers are not chosen by the assignment.

    The Byzantines are the first q workers; on the repetition assignment they are spread over the groups as thinly
    as can be (Konstantinidis et al., section on attacks).
    """
    if assignment.name == "repetition":
        byzantine = assignment.files.T.reshape(-1)[:q]
    else:
        byzantine = np.arange(q)
    return _on_files(assignment, byzantine, np.ones(len(assignment.files), bool))


def strong(assignment: Assignment, q: int) -> Attack:
    """ATT-2: omniscient, against the assignment.

    On the subset assignment q honest workers D are fixed and a file with workers F is distorted exactly when
    F - A is inside D: the agreement graph then has two maximum cliques (Konstantinidis et al., Theorem 1). On any
    other assignment A is a set that has a majority in the most files (found exactly), and those are distorted.
    """
    if assignment.name == "subset":
        return frame(assignment, q, q)
    byzantine = np.array(worst_case(assignment, q).byzantine, int)
    held = np.isin(assignment.files, byzantine).sum(1)
    return _on_files(assignment, byzantine, held >= majority(assignment.redundancy))


def frame_up(assignment: Assignment, q: int, framed: int | None = None) -> Attack:
    """Disagree with d < q honest workers only, so that the unique maximum clique accuses them (found for this project).

    Args:
        assignment: who holds which file.
        q: Byzantine workers.
        framed: d, from 0 (nobody disagrees) to q - 1; None for q - 1.

    On the subset assignment a file is distorted exactly when F - A is inside the d framed workers. A scheme on
    another assignment has no clique detector to deceive; there this is the strong attack.

    Raises:
        InputError: d is not in 0 .. q - 1.
    """
    if assignment.name != "subset":
        return strong(assignment, q)
    if q == 0:
        return none(assignment, q)
    framed = q - 1 if framed is None else framed
    if not 0 <= framed < q:
        raise InputError(f"{framed} framed workers with q={q}: a frame-up frames 0 to {q - 1} (fewer than q)")
    return frame(assignment, q, framed)


def frame(assignment: Assignment, q: int, framed: int) -> Attack:
    """Distort the files whose honest workers are all among ``framed`` chosen ones: workers q .. q + framed - 1."""
    inside = np.arange(q + framed)
    return _on_files(assignment, np.arange(q), np.isin(assignment.files, inside).all(1))


def _on_files(assignment: Assignment, byzantine: NDArray[np.integer], distorted: NDArray[np.bool_]) -> Attack:
    """The attack in which all Byzantine copies of the given files are distorted."""
    lies = np.zeros(assignment.workers, bool)
    lies[byzantine] = True
    return Attack(lies, lies[assignment.files] & distorted[:, None])


TARGETINGS = Registry(
    "attack",
    {
        "none": "aspis_sim.adversary.targeting:none",
        "weak": "aspis_sim.adversary.targeting:weak",
        "strong": "aspis_sim.adversary.targeting:strong",
        "frame-up": "aspis_sim.adversary.targeting:frame_up",
    },
)


def target(name: str, assignment: Assignment, q: int, **parameters: int | None) -> Attack:
    """Choose Byzantine workers and distorted copies by the targeting ``name``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter it does not take.
    """
    return TARGETINGS.build(name, assignment=assignment, q=q, **parameters)
