"""Who computes which file: constructions of assignments, one file each.

``build("subset", workers=15, redundancy=3).files`` is the int array ``[f, r]`` of the groups;
``shape("subset", workers=15, redundancy=3)`` says how large it would be, and validates, without building it.
"""

from typing import Any

from aspis_sim.assignment.base import MOST_WORKERS, Assignment, AssignmentTraits, Shape, check_workers
from aspis_sim.errors import InputError
from aspis_sim.registry import Registry

ASSIGNMENTS = Registry(
    "assignment",
    {
        "baseline": "aspis_sim.assignment.baseline:baseline",
        "repetition": "aspis_sim.assignment.repetition:repetition",
        "subset": "aspis_sim.assignment.subset:subset",
        "mols": "aspis_sim.assignment.mols:mols",
        "bibd": "aspis_sim.assignment.bibd:bibd",
        "ramanujan-1": "aspis_sim.assignment.ramanujan_1:ramanujan_1",
        "ramanujan-2": "aspis_sim.assignment.ramanujan_2:ramanujan_2",
        "cyclic": "aspis_sim.assignment.cyclic:cyclic",
        "custom": "aspis_sim.assignment.custom:custom",
    },
    AssignmentTraits(),
    {
        "baseline": AssignmentTraits(redundant=False),
        "subset": AssignmentTraits(complete=True),
        "custom": AssignmentTraits(from_file=True),
    },
    filled=("workers", "redundancy"),
)

MOST_PAIRS = 2**30
"""Pairs of a worker and a file that an assignment may have, where a table of them is made: 1 GiB."""

_SHAPES: Registry[None] = Registry(
    "assignment", {name: target.split(":")[0] + ":shape" for name, target in ASSIGNMENTS.entries.items()}
)


def build(name: str, *, workers: int, redundancy: int, **parameters: Any) -> Assignment:
    """Build the assignment ``name`` for K workers and redundancy r.

    Raises:
        InputError: the name is unknown (the nearest is named), or the construction does not exist for these
            parameters (the nearest that do are named).
    """
    if ASSIGNMENTS.check(name) in _SHAPES and not ASSIGNMENTS.traits(name).from_file:
        shape(name, workers=workers, redundancy=redundancy, **parameters)
    return ASSIGNMENTS.build(name, workers=workers, redundancy=redundancy, **parameters)


def shape(name: str, *, workers: int, redundancy: int, **parameters: Any) -> Shape:
    """Files f and load l of the assignment ``name``, without building it; raises what `build` would raise.

    One that a plugin brings is built all the same.
    """
    if ASSIGNMENTS.check(name) not in _SHAPES:
        built = build(name, workers=workers, redundancy=redundancy, **parameters)
        return Shape(len(built.files), built.load)
    found: Shape = _SHAPES.build(name, workers=workers, redundancy=redundancy, **parameters)
    if not ASSIGNMENTS.traits(name).complete and workers * found.files > MOST_PAIRS:
        raise InputError(
            f"{name}: {workers:,} workers and {found.files:,} files make a table of more than {MOST_PAIRS:,} pairs; "
            "try fewer workers"
        )
    return found


__all__ = [
    "ASSIGNMENTS",
    "MOST_WORKERS",
    "Assignment",
    "AssignmentTraits",
    "Shape",
    "build",
    "check_workers",
    "shape",
]
