"""What an adversary does, as the search varies it: where, with what, how strongly and when it lies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import parse_part

ALWAYS = "always"


@dataclass(frozen=True)
class Lie:
    """An attack.

    Attributes:
        attack: targeting, with its options.
        payload: with its options.
        framed: workers that a frame-up frames; None for any other targeting.
        strength: of the payload; None for the payload's own, or for one that has none.
        timing: in which steps it lies.
    """

    attack: str
    payload: str
    framed: int | None = None
    strength: float | None = None
    timing: str = ALWAYS

    @classmethod
    def none(cls) -> "Lie":
        """No attack: the Byzantine workers are counted as such, and tell the truth."""
        return cls("none", "zero")

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Lie":
        """The attack of a verdict's record, also where its values are the texts of a CSV."""
        framed, strength = record["framed"], record["strength"]
        return cls(
            attack=record["attack"],
            payload=record["payload"],
            framed=None if framed in (None, "") else int(framed),
            strength=None if strength in (None, "") else float(strength),
            timing=record["timing"],
        )

    @property
    def where(self) -> tuple[str, int | None]:
        """The targeting with the number of framed workers."""
        return self.attack, self.framed

    @property
    def has_strength(self) -> bool:
        """Whether its payload has a strength that can be varied."""
        return PAYLOADS.accepts(parse_part(self.payload).name, "strength")

    @property
    def label(self) -> str:
        """In a few words: ``frame-up:3, alie 0.5, late``."""
        return ", ".join(self._words())

    def _words(self) -> Iterator[str]:
        yield self.attack if self.framed is None else f"{self.attack}:{self.framed}"
        yield self.payload if self.strength is None else f"{self.payload} {self.strength:.3g}"
        if self.timing != ALWAYS:
            yield self.timing

    def told_by(self, cell: Cell) -> Cell:
        """The cell under this attack."""
        return replace(
            cell,
            attack=self.attack,
            payload=self.payload,
            framed=self.framed,
            strength=self.strength,
            timing=self.timing,
        )


VARIED_SETTINGS = tuple(one.name for one in fields(Lie))
"""The settings that a search varies."""
