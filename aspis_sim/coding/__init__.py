"""Codes of DRACO: what workers return instead of plain gradients, and how the server gets the exact sum back.

DRACO's repetition code needs nothing from here: workers return plain gradients, and its decoder is the majority vote
over groups, `assignment.repetition` with `aggregation.vote`.
"""

from dataclasses import dataclass

from aspis_sim.registry import Registry


@dataclass(frozen=True)
class CodingTraits:
    """What is known of a code without building it.

    Attributes:
        decodes: whether workers return mixtures that the server decodes instead of voting.
        assignment: the one assignment that it works on, None for any.
    """

    decodes: bool = True
    assignment: str | None = None


CODINGS = Registry(
    "coding",
    {"none": "aspis_sim.coding.none:none", "cyclic": "aspis_sim.coding.cyclic:cyclic_code"},
    CodingTraits(),
    {"none": CodingTraits(decodes=False), "cyclic": CodingTraits(assignment="cyclic")},
)

__all__ = ["CODINGS", "CodingTraits"]
