"""What a table comes to: how far a scheme is above its rivals, and each scheme's worst case over several tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.analysis.labels import OF_ADVERSARY
from aspis_sim.analysis.summary import Entry
from aspis_sim.analysis.tables import Context, Table, Tables


@dataclass(frozen=True, eq=False)
class Worst:
    """Each scheme's lowest accuracy over the attacks of some tables, for one payload.

    Attributes:
        table: the first of the tables.
        schemes: in the order in which they were met.
        q: ascending.
        entries: (scheme, q) -> the attack that leaves the lowest top-1, and what it leaves.
    """

    table: Table
    schemes: tuple[str, ...]
    q: tuple[int, ...]
    entries: Mapping[tuple[str, int], tuple[str, Entry]]

    @property
    def title(self) -> str:
        """What is the same in all of its tables."""
        return f"worst over attacks, {self.table.title_but_attack}"


def worst_over_attacks(tables: Tables) -> tuple[Worst, ...]:
    """The worst case of every scheme and q over all attacks, where there are several; one per context and payload."""
    found: dict[tuple[Context, Any], list[Table]] = {}
    for table in tables.tables:
        rest = tuple(table[name] for name in OF_ADVERSARY if name not in ("attack", "framed"))
        found.setdefault((table.context, rest), []).append(table)
    several = [members for members in found.values() if len(members) > 1]
    return tuple(_worst(members, tables.schemes) for members in several)


def _worst(tables: Sequence[Table], order: Sequence[str]) -> Worst:
    entries: dict[tuple[str, int], tuple[str, Entry]] = {}
    for table in tables:
        for key, entry in table.entries.items():
            if entry.top1 is None:
                continue
            so_far = entries.get(key)
            if so_far is None or so_far[1].top1 is None or entry.top1.value < so_far[1].top1.value:
                entries[key] = table.attack, entry
    met = {scheme for table in tables for scheme in table.schemes}
    q = sorted({q for table in tables for q in table.q})
    return Worst(tables[0], tuple(scheme for scheme in order if scheme in met), tuple(q), entries)


@dataclass(frozen=True)
class Gap:
    """How far a scheme's accuracy is above its best rival's.

    Attributes:
        q: Byzantine workers.
        points: of top-1, means over seeds; negative when the rival is better.
        rival: the best rival's label.
    """

    q: int
    points: float
    rival: str


def gaps(table: Table, scheme: str) -> tuple[Gap, ...]:
    """At each q, the scheme's top-1 against the best scheme of another family."""
    found = []
    for q in table.q:
        scores = {
            name: entry.top1.value
            for name in table.schemes
            if (entry := table.entries.get((name, q))) is not None and entry.top1 is not None
        }
        rivals = [name for name in scores if table.family(name) != table.family(scheme)]
        if scheme in scores and rivals:
            best = max(rivals, key=scores.__getitem__)
            found.append(Gap(q, 100 * (scores[scheme] - scores[best]), best))
    return tuple(found)


@dataclass(frozen=True)
class Reduction:
    """How much smaller a scheme's measured distortion fraction is than a rival's: 1 - ours / theirs.

    Attributes:
        share: of the rival's fraction.
        q: Byzantine workers.
        rival: the rival's label.
    """

    share: float
    q: int
    rival: str


def reductions(table: Table, scheme: str) -> tuple[Reduction, ...]:
    """Reductions against every rival at every q where the rival has distorted files, ascending."""
    found = []
    for (name, q), entry in table.entries.items():
        ours = table.entries.get((scheme, q))
        rival = table.family(name) != table.family(scheme)
        if not rival or ours is None or ours.measured is None or not entry.measured:
            continue
        found.append(Reduction(1 - ours.measured / entry.measured, q, name))
    return tuple(sorted(found, key=lambda reduction: reduction.share))
