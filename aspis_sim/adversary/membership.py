"""Who is Byzantine when: the same workers throughout, or others every T_b iterations."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.choices import Attack
from aspis_sim.adversary.targeting import TARGETINGS, Lies
from aspis_sim.assignment import Assignment
from aspis_sim.errors import InputError


def following() -> list[str]:
    """The targetings that follow from who is Byzantine, whoever that is, and distort something."""
    told = {name: TARGETINGS.traits(name) for name in TARGETINGS}
    return [name for name, traits in told.items() if traits.by_membership and traits.lies != "nowhere"]


def random_workers(generator: np.random.Generator, workers: int, q: int, windows: int) -> NDArray[np.bool_]:
    """Bool ``[windows, K]``: q workers drawn anew for every window."""
    order = generator.permuted(np.tile(np.arange(workers), (windows, 1)), axis=1)
    return order < q


def distorted_copies(lies: Lies, held: Any) -> Any:
    """Bool ``[..., f, r]``: which of the copies that Byzantine workers hold, bool ``[..., f, r]``, they distort.

    NumPy arrays or JAX's.
    """
    redundancy = held.shape[-1]
    least = {"nowhere": redundancy + 1, "everywhere": 0, "majority": (redundancy + 1) // 2, "alone": redundancy}[lies]
    return held & (held.sum(-1, keepdims=True) >= least)


def over_windows(
    attack: str,
    fixed: Attack,
    assignment: Assignment,
    generator: np.random.Generator,
    windows: int,
    moved: bool = False,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Memberships ``[windows, K]`` and distorted copies ``[windows, f, r]`` of an attack with random workers.

    A targeting that does not choose its workers follows them. On the subset assignment, where all workers are alike,
    any other is carried over by renaming the workers.

    Args:
        attack: registered name.
        fixed: who would be Byzantine without windows.
        assignment: of files to workers.
        generator: draws the workers of each window.
        windows: how many.
        moved: whether workers change places anyway, so that no targeting can choose them.

    Raises:
        InputError: the attack chooses its workers by the assignment, and they are not all alike.
    """
    workers, q = assignment.workers, int(fixed.byzantine.sum())
    traits = TARGETINGS.traits(attack)
    if moved or traits.by_membership:
        byzantine = random_workers(generator, workers, q, windows)
        return byzantine, distorted_copies(traits.lies, byzantine[..., assignment.files])
    if not assignment.complete:
        raise InputError(
            f"attack {attack} chooses its workers by the assignment {assignment.name}; "
            f"with `adversary_window` take {' or '.join(following())}"
        )
    members: list[NDArray[np.bool_]] = []
    distorts: list[NDArray[np.bool_]] = []
    code = _codes(assignment.files, workers)
    for _ in range(windows):
        part_of = generator.permutation(workers)  # worker w plays the part of worker part_of[w]
        parts = part_of[assignment.files]
        slots = np.argsort(parts, axis=1)
        rows = np.searchsorted(code, _codes(np.take_along_axis(parts, slots, 1), workers))
        renamed = np.zeros_like(fixed.distorts)
        np.put_along_axis(renamed, slots, fixed.distorts[rows], axis=1)
        members.append(fixed.byzantine[part_of])
        distorts.append(renamed)
    return np.stack(members), np.stack(distorts)


def _codes(files: NDArray[np.integer], workers: int) -> NDArray[np.int64]:
    """One number for each ascending row, in the rows' lexicographic order."""
    places = workers ** np.arange(files.shape[1] - 1, -1, -1, dtype=np.int64)
    return files.astype(np.int64) @ places
