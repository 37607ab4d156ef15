"""From the rows of a study to sheets: what is the same but for scheme, q and seed, one after the other.

A sweep knows its tables from its grid; a study may hold several sweeps, and a CSV file no grid at all, so here the rows
alone say what belongs together. No two runs that differ in what the columns say are averaged.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aspis_sim.experiment.grid import Setting
from aspis_sim.experiment.row import Row
from aspis_sim.experiment.summary import Entry, Panel, Worst, worst_over_attacks

VARIANT = ("assignment", "rule", "samples_per_file", "batch_size")
"""Columns that may tell two kinds of runs of one scheme apart."""


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


def sheets_of(rows: Sequence[Row]) -> Sheets:
    """Sort the rows of a study into sheets.

    A scheme without redundancy is the same for every r, so its rows are in the sheets of all redundancies. A scheme
    that ran with several rules, assignments, sizes of files or learning rates side by side becomes several, whose
    labels say so. Where several rows are of the same run, the last one counts.
    """
    strength = _strengths(rows)
    labels = _labels(rows, strength)
    places: dict[tuple[Context, Setting], dict[tuple[str, int], dict[int, int]]] = {}
    repeated = 0
    for index, row in enumerate(rows):
        context, setting = _place(row, strength)
        seeds = places.setdefault((context, setting), {}).setdefault((labels[index], row.q), {})
        repeated += row.seed in seeds
        seeds[row.seed] = index
    found = _with_baselines(places)
    schemes = tuple(dict.fromkeys(labels))
    made = tuple(
        _sheet(context, setting, {key: tuple(seeds.values()) for key, seeds in entries.items()}, rows, schemes)
        for (context, setting), entries in found.items()
    )
    return Sheets(made, schemes, repeated)


def _place(row: Row, strength: Mapping[str, bool]) -> tuple[Context, Setting]:
    context = Context(row.dataset, row.model, row.protocol, row.steps, row.workers, row.redundancy)
    shown = row.strength if strength[row.payload] else None
    return context, Setting(row.redundancy, row.attack, None, row.payload, shown)


def _strengths(rows: Iterable[Row]) -> dict[str, bool]:
    """Whether a payload's strength tells runs apart; it does not where it only follows from q."""
    met: dict[str, dict[tuple[object, ...], set[float | None]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        met[row.payload][row.workers, row.q].add(row.strength)
    return {
        payload: len(set().union(*by_q.values())) == 1 or any(len(values) > 1 for values in by_q.values())
        for payload, by_q in met.items()
    }


def _labels(rows: Sequence[Row], strength: Mapping[str, bool]) -> list[str]:
    """Each row's scheme, with what tells it from the scheme's other runs in the same sheet."""
    variants: dict[tuple[Any, ...], set[tuple[object, ...]]] = defaultdict(set)
    rates: dict[tuple[Any, ...], set[float]] = defaultdict(set)
    for row in rows:
        variant = tuple(getattr(row, name) for name in VARIANT)
        place = _place(row, strength)
        variants[place, row.scheme].add(variant)
        rates[place, row.scheme, variant, row.q, row.seed].add(row.lr)
    told: dict[str, list[str]] = {row.scheme: [] for row in rows}
    for (_, scheme, *_), members in variants.items():
        told[scheme] += _telling(members)
    for (_, scheme, *_), met in rates.items():
        if len(met) > 1:
            told[scheme].append("lr")
    fields = {scheme: [name for name in (*VARIANT, "lr") if name in names] for scheme, names in told.items()}
    return [_label(row, fields[row.scheme]) for row in rows]


def _telling(variants: set[tuple[object, ...]]) -> list[str]:
    """The first columns of `VARIANT` that are enough to tell the variants apart."""
    names: list[str] = []
    kinds = 1
    for end in range(1, len(VARIANT) + 1):
        now = len({variant[:end] for variant in variants})
        if now > kinds:
            names.append(VARIANT[end - 1])
        kinds = now
    return names


def _label(row: Row, names: Sequence[str]) -> str:
    if not names:
        return row.scheme
    return f"{row.scheme} ({', '.join(f'{name}={getattr(row, name)}' for name in names)})"


def _with_baselines(
    places: Mapping[tuple[Context, Setting], Mapping[tuple[str, int], Mapping[int, int]]],
) -> dict[tuple[Context, Setting], dict[tuple[str, int], Mapping[int, int]]]:
    """Put what ran without redundancy into the sheets that are the same but for their redundancy."""
    redundant: dict[tuple[Context, Setting], list[tuple[Context, Setting]]] = defaultdict(list)
    for context, setting in places:
        if context.redundancy > 1:
            redundant[replace(context, redundancy=1), replace(setting, redundancy=1)].append((context, setting))
    found: dict[tuple[Context, Setting], dict[tuple[str, int], Mapping[int, int]]] = {}
    for place, entries in places.items():
        for home in redundant.get(place) or [place]:
            found.setdefault(home, {}).update(entries)
    return found


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
