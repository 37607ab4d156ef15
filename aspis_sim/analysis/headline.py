"""What a table comes to: how far a scheme is above its rivals, and each scheme's worst case over several tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.adversary.timing import TIMINGS
from aspis_sim.analysis.labels import OF_ADVERSARY
from aspis_sim.analysis.summary import Entry
from aspis_sim.analysis.tables import Context, Table, Tables
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.coding import CODINGS
from aspis_sim.distortion.expectation import expected_distorted
from aspis_sim.spec.part import parse_part


@dataclass(frozen=True, eq=False)
class Worst:
    """Each scheme's lowest accuracy over some tables of one context.

    Attributes:
        table: the first of the tables.
        over: what the tables differ in: "attacks", or "N adversaries".
        schemes: in the order in which they were met.
        q: ascending.
        entries: (scheme, q) -> the attack or the adversary that leaves the lowest top-1, and what it leaves.
        met: scheme -> tables that it stands in.
        count: of the tables.
    """

    table: Table
    over: str
    schemes: tuple[str, ...]
    q: tuple[int, ...]
    entries: Mapping[tuple[str, int], tuple[str, Entry]]
    met: Mapping[str, int]
    count: int

    @property
    def title(self) -> str:
        """What is the same in all of its tables."""
        same = self.table.title_but_attack if self.over == "attacks" else self.table.title_but_adversary
        return f"worst over {self.over}, {same}"

    @property
    def fewer(self) -> tuple[tuple[str, int], ...]:
        """Schemes that stand in fewer tables than there are, so that their worst case says less, and in how many."""
        return tuple((scheme, count) for scheme, count in self.met.items() if count < self.count)


def worst_over_attacks(tables: Tables) -> tuple[Worst, ...]:
    """The worst case of every scheme and q over all attacks, where there are several; one per context and payload."""
    return tuple(_worst(members, tables.schemes, "attacks") for members in _by_payload(tables) if len(members) > 1)


def worst_over_adversaries(tables: Tables) -> tuple[Worst, ...]:
    """As `worst_over_attacks`, over all attacks, payloads and other settings of the adversary; one per context.

    Where a context has one payload alone, `worst_over_attacks` says the same.
    """
    groups = [members[0].context for members in _by_payload(tables)]
    return tuple(worst for worst in worst_cases(tables) if groups.count(worst.table.context) > 1)


def worst_cases(tables: Tables) -> tuple[Worst, ...]:
    """The worst case of every scheme and q over all tables of each context, which may be a single one."""
    found: dict[Context, list[Table]] = {}
    for table in tables.tables:
        found.setdefault(table.context, []).append(table)
    return tuple(_worst(members, tables.schemes, f"{len(members)} adversaries") for members in found.values())


def worst_of(tables: Sequence[Table]) -> Worst:
    """The worst case over these tables of one context."""
    order = dict.fromkeys(scheme for table in tables for scheme in table.schemes)
    return _worst(tables, tuple(order), f"{len(tables)} adversaries")


def _by_payload(tables: Tables) -> Iterator[Sequence[Table]]:
    """Tables that differ in the attack alone."""
    found: dict[tuple[Context, Any], list[Table]] = {}
    for table in tables.tables:
        rest = tuple(table[name] for name in OF_ADVERSARY if name not in ("attack", "framed"))
        found.setdefault((table.context, rest), []).append(table)
    yield from found.values()


def _worst(tables: Sequence[Table], order: Sequence[str], over: str) -> Worst:
    entries: dict[tuple[str, int], tuple[str, Entry]] = {}
    for table in tables:
        name = table.attack if over == "attacks" else table.label
        for key, entry in table.entries.items():
            if entry.top1 is None:
                continue
            so_far = entries.get(key)
            if so_far is None or so_far[1].top1 is None or entry.top1.value < so_far[1].top1.value:
                entries[key] = name, entry
    met = {scheme: sum(scheme in table.schemes for table in tables) for scheme in order}
    met = {scheme: count for scheme, count in met.items() if count}
    q = sorted({q for table in tables for q in table.q})
    return Worst(tables[0], over, tuple(met), tuple(q), entries, met, len(tables))


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
        scores = table.top1_at(q)
        rivals = [name for name in scores if table.family(name) != table.family(scheme)]
        if scheme in scores and rivals:
            best = max(rivals, key=scores.__getitem__)
            found.append(Gap(q, 100 * (scores[scheme] - scores[best]), best))
    return tuple(found)


@dataclass(frozen=True)
class Reduction:
    """How much smaller a scheme's measured distortion fraction is than a rival's: 1 - ours / theirs.

    Attributes:
        share: of the rival's fraction; negative where the scheme's own is the larger one.
        q: Byzantine workers.
        rival: the rival's label.
    """

    share: float
    q: int
    rival: str


def reductions(table: Table, scheme: str) -> tuple[Reduction, ...]:
    """Reductions against every rival at every q where the rival has distorted files, ascending."""
    found = [Reduction(1 - ours / theirs, q, name) for name, q, ours, theirs in _fractions(table, scheme) if theirs > 0]
    return tuple(sorted(found, key=lambda reduction: reduction.share))


def only_ours(table: Table, scheme: str) -> tuple[tuple[str, int], ...]:
    """(rival, q) where the scheme has distorted files and the rival has none, so that no reduction exists."""
    return tuple((name, q) for name, q, ours, theirs in _fractions(table, scheme) if ours > 0 and theirs == 0)


def _fractions(table: Table, scheme: str) -> Iterator[tuple[str, int, float, float]]:
    """Of each rival and q where both are known: the rival, q, and the measured fractions of the scheme and of it."""
    for (name, q), entry in table.entries.items():
        ours = table.entries.get((scheme, q))
        if table.family(name) == table.family(scheme) or ours is None:
            continue
        if ours.measured is not None and entry.measured is not None:
            yield name, q, ours.measured, entry.measured


@dataclass(frozen=True)
class Expected:
    """What workers drawn at random would do where those of an attack are spread out.

    Attributes:
        scheme: label.
        q: Byzantine workers.
        count: files with a Byzantine majority, mean over all sets of q workers.
        files: f.
    """

    scheme: str
    q: int
    count: float
    files: int


def at_random(table: Table) -> tuple[Expected, ...]:
    """Where an attack spreads its workers out: files that as many workers drawn at random hold a majority of.

    Of the schemes to which placement matters: not where all sets of q workers are alike, nor without redundancy, nor
    where workers return means, change places or are drawn anew anyway, nor where they tell the truth in some steps.
    """
    name, _, options = table.attack.partition(":")
    if name not in TARGETINGS or not TARGETINGS.accepts(name, "placement"):
        return ()
    if "placement=" in options and "placement=spread" not in options:
        return ()
    found = []
    for (scheme, q), entry in table.entries.items():
        row, name = entry.some, parse_part(entry.some["assignment"]).name
        alike = row["redundancy"] == 1 or (name in ASSIGNMENTS and ASSIGNMENTS.traits(name).complete)
        alike |= row["coding"] in CODINGS and CODINGS.traits(row["coding"]).mixes
        timing = parse_part(row["timing"]).name
        alike |= timing not in TIMINGS or not TIMINGS.traits(timing).every_step
        if alike or row["permute"] or row["adversary_window"] is not None or row["files"] is None:
            continue
        mean = float(expected_distorted(row["files"], row["workers"], row["redundancy"], q))
        if mean > 0:
            found.append(Expected(scheme, q, mean, row["files"]))
    return tuple(found)
