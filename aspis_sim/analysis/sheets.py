"""From the rows of a study to sheets: what is the same but for scheme, q and seed, one after the other.

A sweep knows its tables from its grid; a study may hold several sweeps, and a CSV file no grid at all, so here the rows
alone say what belongs together. No two runs that differ in what the columns say are averaged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, NamedTuple

from aspis_sim.analysis.summary import Entry, Panel, Worst, worst_over_attacks
from aspis_sim.run.row import Row
from aspis_sim.spec.grid import Setting

Settings = tuple[tuple[str, str], ...]
Kind = tuple[tuple[str, object], ...]
VARIANT = ("assignment", "rule", "samples_per_file", "batch_size")
"""Columns that may tell two kinds of runs of one scheme apart."""
_VARIANT = attrgetter(*VARIANT)
_PLACE = attrgetter("dataset", "model", "protocol", "steps", "workers", "redundancy", "attack", "payload")


@dataclass(frozen=True)
class Context:
    """What the sheets that can be compared share."""

    dataset: str
    model: str
    protocol: str
    steps: int
    workers: int
    redundancy: int

    @property
    def label(self) -> str:
        """As shown over a figure."""
        return (
            f"{self.dataset}, {self.model}, K={self.workers}, r={self.redundancy}, {self.steps} steps, "
            f"protocol {self.protocol}"
        )


class Place(NamedTuple):
    """What is the same in a sheet."""

    context: Context
    setting: Setting


@dataclass(frozen=True)
class Sheet:
    """Results under one adversary.

    Attributes:
        context: shared with other sheets.
        panel: scheme x q.
        payload: with its strength if there is one.
        indices: (scheme, q) -> positions of its rows among the rows of the study, in the order of the seeds.
    """

    context: Context
    panel: Panel
    payload: str
    indices: Mapping[tuple[str, int], tuple[int, ...]]

    @property
    def attack(self) -> str:
        """Targeting, with the number of framed workers if one was asked for."""
        return self.panel.setting.attack_label

    @property
    def label(self) -> str:
        """The adversary."""
        return f"{self.attack}, {self.payload}"


@dataclass(frozen=True)
class Sheets:
    """A study, sorted.

    Attributes:
        sheets: in the order in which the study first met them.
        schemes: labels of all schemes, likewise.
        repeated: rows left out since a later row is of the same run.
    """

    sheets: tuple[Sheet, ...]
    schemes: tuple[str, ...]
    repeated: int

    @property
    def contexts(self) -> tuple[Context, ...]:
        """All contexts, the one with most sheets first."""
        count: dict[Context, int] = defaultdict(int)
        for sheet in self.sheets:
            count[sheet.context] += len(sheet.indices)
        return tuple(sorted(count, key=lambda context: -count[context]))

    def worst(self) -> tuple[tuple[Context, Worst], ...]:
        """The worst case over attacks in each context with several, one a payload."""
        found = []
        for context in self.contexts:
            members = [sheet.panel for sheet in self.sheets if sheet.context == context]
            found += [(context, worst) for worst in worst_over_attacks(members)]
        return tuple(found)


def sheets_of(rows: Sequence[Row], settings: Sequence[Settings] = ()) -> Sheets:
    """Sort the rows of a study into sheets.

    A scheme without redundancy is the same for every r, so its rows are in the sheets of all redundancies. A scheme
    that ran with several rules, assignments, sizes of files or learning rates side by side becomes several, whose
    labels say so. Where several rows are of the same run, the last one counts.

    Args:
        rows: of the study.
        settings: of each row, what its columns do not hold; empty if that is not known.
    """
    spots = _places(rows)
    labels = _labels(rows, settings, spots)
    places: dict[Place, dict[tuple[str, int], dict[int, int]]] = {}
    repeated = 0
    for index, (row, place, label) in enumerate(zip(rows, spots, labels, strict=True)):
        seeds = places.setdefault(place, {}).setdefault((label, row.q), {})
        repeated += row.seed in seeds
        seeds[row.seed] = index
    found = _with_baselines(places)
    schemes = tuple(dict.fromkeys(labels))
    made = tuple(
        _sheet(context, setting, {key: tuple(seeds.values()) for key, seeds in entries.items()}, rows, schemes)
        for (context, setting), entries in found.items()
    )
    return Sheets(made, schemes, repeated)


def _places(rows: Sequence[Row]) -> list[Place]:
    """Of each row, the sheet that it belongs to."""
    telling = _strengths(rows)
    known: dict[tuple[object, ...], Place] = {}
    found = []
    for row in rows:
        strength = row.strength if telling[row.payload] else None
        place = known.get(key := (*_PLACE(row), strength))
        if place is None:
            context = Context(row.dataset, row.model, row.protocol, row.steps, row.workers, row.redundancy)
            setting = Setting(row.redundancy, row.attack, None, row.payload, strength)
            place = known[key] = Place(context, setting)
        found.append(place)
    return found


def _strengths(rows: Sequence[Row]) -> dict[str, bool]:
    """Whether a payload's strength tells runs apart; it does not where it only follows from q."""
    met: dict[str, dict[tuple[int, int], set[float | None]]] = {row.payload: defaultdict(set) for row in rows}
    for row in rows:
        if row.strength is not None or row.top1 is not None:
            met[row.payload][row.workers, row.q].add(row.strength)
    return {
        payload: len(set().union(*by_q.values())) == 1 or any(len(values) > 1 for values in by_q.values())
        for payload, by_q in met.items()
    }


def _labels(rows: Sequence[Row], settings: Sequence[Settings], places: Sequence[Place]) -> list[str]:
    """Each row's scheme, with what tells it from the scheme's other runs in the same sheet."""
    given = settings or [()] * len(rows)
    kinds = [(*zip(VARIANT, _VARIANT(row), strict=True), *beside) for row, beside in zip(rows, given, strict=True)]
    variants: dict[tuple[Any, ...], dict[Kind, None]] = defaultdict(dict)
    rates: dict[tuple[Any, ...], set[float]] = defaultdict(set)
    for row, kind, place in zip(rows, kinds, places, strict=True):
        if row.batch_size is not None:
            variants[place, row.scheme][kind] = None
        rates[place, row.scheme, kind, row.q, row.seed].add(row.lr)
    told: dict[str, dict[str, None]] = {row.scheme: {} for row in rows}
    for (_, scheme), members in variants.items():
        if len(members) > 1:
            told[scheme] |= dict.fromkeys(_telling(tuple(members)))
    for (_, scheme, *_), met in rates.items():
        if len(met) > 1:
            told[scheme]["lr"] = None
    return [_label(row, kind, told[row.scheme]) for row, kind in zip(rows, kinds, strict=True)]


def _telling(variants: Sequence[Kind]) -> Iterator[str]:
    """The first names that are enough to tell the variants apart."""
    names = tuple(dict.fromkeys(name for variant in variants for name, _ in variant))
    known = [dict(variant) for variant in variants]
    groups: dict[tuple[object, ...], list[int]] = {(): list(range(len(variants)))}
    for name in names:
        finer: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for value, members in groups.items():
            for at in members:
                finer[*value, known[at].get(name)].append(at)
        if len(finer) > len(groups):
            yield name
        groups = finer


def _label(row: Row, kind: Kind, names: Iterable[str]) -> str:
    if not names:
        return row.scheme
    known = {**dict(kind), "lr": row.lr}
    return f"{row.scheme} ({', '.join(f'{name}={known[name]}' for name in names if name in known)})"


def _with_baselines(
    places: Mapping[Place, Mapping[tuple[str, int], Mapping[int, int]]],
) -> dict[Place, dict[tuple[str, int], Mapping[int, int]]]:
    """Put what ran without redundancy into the sheets that are the same but for their redundancy."""
    redundant: dict[Place, list[Place]] = defaultdict(list)
    for place in places:
        if place.context.redundancy > 1:
            redundant[_without_redundancy(place)].append(place)
    found: dict[Place, dict[tuple[str, int], Mapping[int, int]]] = {}
    for place, entries in places.items():
        for home in redundant.get(place) or [place]:
            found.setdefault(home, {}).update(entries)
    return found


def _without_redundancy(place: Place) -> Place:
    return Place(replace(place.context, redundancy=1), replace(place.setting, redundancy=1))


def _sheet(
    context: Context,
    setting: Setting,
    indices: Mapping[tuple[str, int], tuple[int, ...]],
    rows: Sequence[Row],
    schemes: Sequence[str],
) -> Sheet:
    here = {scheme for scheme, _ in indices}
    entries = {}
    for key, members in indices.items():
        of_seeds = [rows[index] for index in members]
        entries[key] = Entry(
            rows=tuple(row for row in of_seeds if row.top1 is not None),
            failed=tuple(row for row in of_seeds if row.top1 is None),
        )
    panel = Panel(
        setting=setting,
        schemes=tuple(scheme for scheme in schemes if scheme in here),
        q=tuple(sorted({q for _, q in indices})),
        entries=entries,
    )
    payload = setting.payload + ("" if setting.strength is None else f" {setting.strength:g}")
    return Sheet(context, panel, payload, indices)
