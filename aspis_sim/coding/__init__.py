"""What workers return instead of plain gradients: DRACO's mixtures, of which the server gets the exact sum, or means.

DRACO's repetition code needs nothing from here: workers return plain gradients, and its decoder is the majority vote
over groups, `assignment.repetition` with `aggregation.vote`.
"""

from dataclasses import dataclass

from aspis_sim.assignment.base import Assignment
from aspis_sim.assignment.baseline import baseline
from aspis_sim.registry import Registry


@dataclass(frozen=True)
class CodingTraits:
    """What is known of a code without building it.

    Attributes:
        decodes: whether workers return mixtures that the server decodes instead of voting.
        mixes: whether workers return mixtures, one each, that meet the robust rule as they are: what the server gets
            are rows of workers then, not copies of files, and there is nothing to vote on.
        assignment: the one assignment that it works on, None for any.
    """

    decodes: bool = True
    mixes: bool = False
    assignment: str | None = None


CODINGS = Registry(
    "coding",
    {
        "none": "aspis_sim.coding.none:none",
        "cyclic": "aspis_sim.coding.cyclic:cyclic_code",
        "mean": "aspis_sim.coding.mean:mean",
    },
    CodingTraits(),
    {
        "none": CodingTraits(decodes=False),
        "cyclic": CodingTraits(assignment="cyclic"),
        "mean": CodingTraits(decodes=False, mixes=True),
    },
)


def returned(coding: str, assignment: Assignment) -> Assignment:
    """Who returns which row: a file's workers a copy each; with a code that mixes, each worker a row of its own."""
    return baseline(assignment.workers) if CODINGS.traits(coding).mixes else assignment


__all__ = ["CODINGS", "CodingTraits", "returned"]
