"""Which workers are Byzantine and which of their copies they distort, for a given assignment.

All of these but a random placement are deterministic: the adversary knows the assignment and does the most harm its
kind can do.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion import spread_out, worst_case
from aspis_sim.distortion.closed_forms import majority
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name

PLACEMENTS = ("spread", "random", "worst")
"""Where the workers of the weak attack stand: see `weak`."""


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
    return _by_all(assignment, np.arange(q), np.zeros(len(assignment.files), bool))


def weak(assignment: Assignment, q: int, placement: str = "spread", seed: int = 0) -> Attack:
    """ATT-1: every file that a Byzantine worker holds is distorted; the workers are not chosen against the assignment.

    Konstantinidis et al. spread them over the groups of the repetition assignment as thinly as can be; on the subset
    assignment and without redundancy all placements are alike. ``spread``, the default, reads this for every
    assignment, so that the published figures come out and one word means the same for every scheme. It is the kindest
    placement to a scheme: ``random`` is what workers cost that nobody placed.

    Args:
        assignment: who holds which file.
        q: Byzantine workers.
        placement: ``spread`` (the fewest files with a Byzantine majority), ``random`` (drawn from the seed's stream
            "placement") or ``worst`` (the workers of the strong attack). Where workers change places at every step,
            or are drawn anew for every window, each is ``random``.
        seed: of the draw, the run's own unless it is given.

    Raises:
        InputError: another placement.
    """
    if placement not in PLACEMENTS:
        raise unknown_name("placement", placement, PLACEMENTS)
    if placement == "random":
        byzantine = np.random.default_rng([seed, zlib.crc32(b"placement")]).permutation(assignment.workers)[:q]
    else:
        byzantine = np.array((spread_out if placement == "spread" else worst_case)(assignment, q).byzantine, int)
    return _by_all(assignment, byzantine, np.ones(len(assignment.files), bool))


def strong(assignment: Assignment, q: int, detector: str = "clique") -> Attack:
    """ATT-2: omniscient, against the assignment.

    On the subset assignment q honest workers D are fixed and a file with workers F is distorted exactly when
    F - A is inside D: the agreement graph then has two maximum cliques (Konstantinidis et al., Theorem 1). That is to
    survive detection: against a bare vote, and on any other assignment, A is a set that has a majority in the most
    files (found exactly), and those are distorted.

    Args:
        assignment: who holds which file.
        q: Byzantine workers.
        detector: registered name of the detector of the scheme under attack.
    """
    if assignment.complete and DETECTORS.traits(detector).detects:
        return frame(assignment, q, q)
    byzantine = np.array(worst_case(assignment, q).byzantine, int)
    held = np.isin(assignment.files, byzantine).sum(1)
    return _by_all(assignment, byzantine, held >= majority(assignment.redundancy))


def frame_up(assignment: Assignment, q: int, framed: int | None = None) -> Attack:
    """Disagree with d < q honest workers only, so that the unique maximum clique accuses them (found for this project).

    On the subset assignment a file is distorted exactly when F - A is inside the d framed workers. On any other
    assignment, whose schemes have no clique detector to deceive, this is the strong attack.

    Args:
        assignment: who holds which file.
        q: Byzantine workers.
        framed: d, from 0 (nobody disagrees) to q - 1; None for q - 1.

    Raises:
        InputError: d is not in 0 .. q - 1.
    """
    if not assignment.complete:
        return strong(assignment, q)
    if q == 0:
        return none(assignment, q)
    framed = q - 1 if framed is None else framed
    if not 0 <= framed < q:
        raise InputError(f"{framed} framed workers with q={q}: a frame-up frames 0 to {q - 1} (fewer than q)")
    return frame(assignment, q, framed)


def majority_held(assignment: Assignment, q: int) -> Attack:
    """ATT-3: the Byzantines distort the files where they have a majority, and tell the truth elsewhere.

    Meant for workers that change from window to window; with fixed ones they are those of the strong attack.
    """
    byzantine = strong(assignment, q).byzantine
    held = byzantine[assignment.files].sum(1)
    return _by_all(assignment, np.flatnonzero(byzantine), held >= majority(assignment.redundancy))


def stealth(assignment: Assignment, q: int) -> Attack:
    """Distort only files that Byzantines hold alone, so that nobody disagrees: C(q, r) files on the subset assignment.

    On any other assignment the q workers are those that the strong attack uses.
    """
    byzantine = strong(assignment, q).byzantine
    return _by_all(assignment, np.flatnonzero(byzantine), np.all(byzantine[assignment.files], axis=1))


def blocks(assignment: Assignment, q: int) -> Attack:
    """Pairs of Byzantines against pairs of honest workers: floor(q / 2) disjoint 2 x 2 blocks of disagreement.

    The agreement graph then has 2^floor(q / 2) maximum cliques, which stalls a detector that lists them (found for
    this project). On the subset assignment a file is distorted when its honest workers are in one block's pair and
    its Byzantine ones in the other, or when only Byzantines hold it. On any other assignment: the strong attack.
    """
    if not assignment.complete or q < 2:
        return strong(assignment, q)
    files, byzantine = assignment.files, assignment.files < q
    block = np.where(byzantine, files // 2, (files - q) // 2)
    inside = np.where(byzantine, files < q // 2 * 2, files < q + q // 2 * 2)
    one_block = np.all(inside & (block == block[:, :1]), axis=1)
    return _by_all(assignment, np.arange(q), np.all(byzantine, axis=1) | (np.any(byzantine, axis=1) & one_block))


def decoy(assignment: Assignment, q: int) -> Attack:
    """Sacrifice q - 1 workers whose votes still count, because the last one leaves the clique undecided.

    On the subset assignment q - 1 exposed Byzantines E lie on every file where they have a majority, and so disagree
    with everybody else; the last Byzantine a, together with them, lies on the files of r - 2 of E, a and one honest
    worker h, so that a and h disagree. Two maximum cliques are left, without a or without h: the published detector
    excludes nobody, and the vote counts the exposed workers too. With r = 3 and e = q - 1 the vote loses
    C(e, 2) (K - e) + C(e, 3) + e files: for K large against q more than the C(2q, r) / 2 of Theorem 1 of
    Konstantinidis et al. (found for this project by exhaustive search). On any other assignment: the strong attack.
    """
    if not assignment.complete or q < 2:
        return strong(assignment, q)
    files, last, honest = assignment.files, q - 1, q
    exposed = files < last
    accused = (exposed | (files == last) | (files == honest)).all(1)
    accused &= (files == last).any(1) & (files == honest).any(1)
    ruled = exposed.sum(1) >= majority(assignment.redundancy)
    lies = (exposed & (ruled | accused)[:, None]) | ((files == last) & accused[:, None])
    return Attack(np.arange(assignment.workers) < q, lies)


def frame(assignment: Assignment, q: int, framed: int) -> Attack:
    """Distort the files whose honest workers are all among ``framed`` chosen ones: workers q .. q + framed - 1."""
    return _by_all(assignment, np.arange(q), np.all(assignment.files < q + framed, axis=1))


def _by_all(assignment: Assignment, byzantine: NDArray[np.integer], distorted: NDArray[np.bool_]) -> Attack:
    """The attack in which all Byzantine copies of the given files are distorted."""
    lies = np.zeros(assignment.workers, bool)
    lies[byzantine] = True
    return Attack(lies, lies[assignment.files] & distorted[:, None])
