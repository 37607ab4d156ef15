"""Who is Byzantine when: the same workers throughout, or others every T_b iterations."""

import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.targeting import Attack
from aspis_sim.assignment import Assignment
from aspis_sim.errors import InputError

BY_COPY = ("none", "weak", "majority")
"""Targetings that follow from who is Byzantine, whoever that is."""


def random_workers(generator: np.random.Generator, workers: int, q: int, windows: int) -> NDArray[np.bool_]:
    """Bool ``[windows, K]``: q workers drawn anew for every window."""
    order = generator.permuted(np.tile(np.arange(workers), (windows, 1)), axis=1)
    return order < q


def distorted_copies(attack: str, byzantine: NDArray[np.bool_], files: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Bool ``[..., f, r]``: what Byzantine workers ``[..., K]`` distort under a targeting of `BY_COPY`."""
    held = byzantine[..., files]
    if attack == "none":
        return np.zeros_like(held)
    if attack == "weak":
        return held
    return held & (held.sum(-1, keepdims=True) >= (files.shape[-1] + 1) // 2)


def over_windows(
    attack: str, fixed: Attack, assignment: Assignment, generator: np.random.Generator, windows: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Memberships ``[windows, K]`` and distorted copies ``[windows, f, r]`` of an attack with random workers.

    A targeting of `BY_COPY` follows the workers. On the subset assignment, where all workers are alike, any other is
    carried over by renaming the workers.

    Raises:
        InputError: the attack chooses its workers by the assignment, and they are not all alike.
    """
    workers, q = assignment.workers, int(fixed.byzantine.sum())
    if attack in BY_COPY:
        byzantine = random_workers(generator, workers, q, windows)
        return byzantine, distorted_copies(attack, byzantine, assignment.files)
    if assignment.name != "subset":
        raise InputError(
            f"attack {attack} chooses its workers by the assignment {assignment.name}; "
            f"with --adversary-window take {' or '.join(BY_COPY[1:])}"
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
