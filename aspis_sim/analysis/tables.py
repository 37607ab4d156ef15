"""From rows to tables: a row per q, a column per scheme, and a table for each combination of the other settings.

The rows alone say what belongs together. No two runs that differ in what the columns say are averaged: settings of the
adversary, the data and the computation stand in tables of their own, those of the defence and the training tell
variants of a scheme apart, and what differs from its default is named in the title or in the label of the scheme.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any

from aspis_sim.analysis.labels import OF_ADVERSARY, OF_CONTEXT, SAID, Place, common_of, labels_of, said, unusual
from aspis_sim.analysis.summary import Entry
from aspis_sim.run.row import Row
from aspis_sim.schemes import family


@dataclass(frozen=True)
class Context:
    """What tables that can be compared share, the adversary apart.

    Attributes:
        values: of the columns in `OF_CONTEXT`.
        steps: fewest and most training steps in them.
    """

    values: tuple[Any, ...]
    steps: tuple[int, int] = (0, 0)

    def __getitem__(self, column: str) -> Any:
        """The value of a column."""
        return self.values[OF_CONTEXT.index(column)]

    @property
    def budget(self) -> str:
        """How long was trained: ``300 steps``."""
        least, most = self.steps
        return f"{least} steps" if least == most else f"{least} to {most} steps"

    @property
    def overrides(self) -> tuple[str, ...]:
        """What differs from its default."""
        return tuple(said(name, self[name]) for name in OF_CONTEXT if name not in SAID and unusual(name, self[name]))

    @property
    def label(self) -> str:
        """As shown over a figure."""
        parts = (
            self["dataset"], self["model"], f"K={self['workers']}", f"r={self['redundancy']}", self.budget,
            f"protocol {self['protocol']}", *self.overrides,
        )  # fmt: skip
        return ", ".join(map(str, parts))


@dataclass(frozen=True, eq=False)
class Table:
    """Results under one adversary.

    Attributes:
        context: shared with other tables.
        adversary: values of the columns in `OF_ADVERSARY`; a strength that only follows from q is None.
        schemes: labels, in the order of all schemes.
        q: ascending.
        entries: (label, q) -> entry.
        indices: (label, q) -> positions of its rows among all, in the order in which they were met.
        common: settings of all schemes in its context that differ from what these have by themselves, and are the same.
        scheme_of: label -> name of the scheme.
    """

    context: Context
    adversary: tuple[Any, ...]
    schemes: tuple[str, ...]
    q: tuple[int, ...]
    entries: Mapping[tuple[str, int], Entry]
    indices: Mapping[tuple[str, int], tuple[int, ...]]
    common: tuple[str, ...]
    scheme_of: Mapping[str, str]

    def __getitem__(self, column: str) -> Any:
        """The value of a column of the adversary's."""
        return self.adversary[OF_ADVERSARY.index(column)]

    @property
    def attack(self) -> str:
        """Targeting, with the number of framed workers if one was asked for."""
        return str(self["attack"])

    @property
    def payload(self) -> str:
        """With its strength, where that is the same throughout."""
        strength = self["strength"]
        return str(self["payload"]) + ("" if strength is None else f" {strength:g}")

    @cached_property
    def overrides(self) -> tuple[str, ...]:
        """What of the adversary differs from its default, attack and payload apart."""
        return tuple(said(name, self[name]) for name in OF_ADVERSARY if name not in SAID and unusual(name, self[name]))

    @property
    def label(self) -> str:
        """The adversary."""
        return ", ".join((self.attack, self.payload, *self.overrides))

    @property
    def label_but_payload(self) -> str:
        """The adversary, whatever its payload."""
        return ", ".join((self.attack, *self.overrides))

    @property
    def title(self) -> str:
        """Everything that is the same in the table."""
        return f"attack {self.attack}, {self.title_but_attack}"

    @property
    def title_but_attack(self) -> str:
        """The title without the attack."""
        return ", ".join((f"payload {self.payload}", *self._setting(self.overrides)))

    @property
    def title_but_adversary(self) -> str:
        """The title without the adversary."""
        return ", ".join(self._setting(()))

    def _setting(self, overrides: Sequence[str]) -> tuple[str, ...]:
        context = self.context
        protocol = [said("protocol", context["protocol"])] if unusual("protocol", context["protocol"]) else []
        return (
            f"K={context['workers']}", f"r={context['redundancy']}", str(context["dataset"]), str(context["model"]),
            _budget(self.rows()), *protocol, *overrides, *context.overrides, *self.common,
        )  # fmt: skip

    def top1_at(self, q: int) -> dict[str, float]:
        """Label -> mean top-1 at one q, of the schemes that have one."""
        found = {scheme: self.entries.get((scheme, q)) for scheme in self.schemes}
        return {scheme: one.top1.value for scheme, one in found.items() if one is not None and one.top1 is not None}

    def rows(self) -> Iterator[Row]:
        """All rows, scheme by scheme."""
        return (row for scheme in self.schemes for row in self.rows_of(scheme))

    def rows_of(self, scheme: str) -> Iterator[Row]:
        """The rows of one column, those without results at the end of each q."""
        for q in self.q:
            if (entry := self.entries.get((scheme, q))) is not None:
                yield from (*entry.rows, *entry.failed)

    def samples(self, scheme: str) -> tuple[int, int, int] | None:
        """Samples per file, distinct samples per step, and sample gradients computed by all workers per step."""
        for row in self.rows_of(scheme):
            if None not in (row["samples_per_file"], row["batch_size"], row["samples_processed"]):
                return row["samples_per_file"], row["batch_size"], row["samples_processed"] // row["steps"]
        return None

    def family(self, scheme: str) -> str:
        """The family of the scheme of a column."""
        return family(self.scheme_of[scheme])


@dataclass(frozen=True, eq=False)
class Tables:
    """Rows, sorted into tables.

    Attributes:
        tables: in the order in which they were first met.
        schemes: labels of all schemes, likewise.
        scheme_of: label -> name of the scheme.
        repeated: rows left out since a later row is of the same run.
    """

    tables: tuple[Table, ...]
    schemes: tuple[str, ...]
    scheme_of: Mapping[str, str]
    repeated: int

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """All contexts, the one with most results first."""
        count: dict[Context, int] = defaultdict(int)
        for table in self.tables:
            count[table.context] += len(table.indices)
        return tuple(sorted(count, key=lambda context: -count[context]))


def _budget(rows: Iterable[Row]) -> str:
    steps = [row["steps"] for row in rows] or [0]
    return Context((), (min(steps), max(steps))).budget


def tables_of(rows: Sequence[Row]) -> Tables:
    """Sort rows into tables.

    A scheme without redundancy is the same for every r, so its rows are in the tables of all redundancies. A scheme
    that ran in several ways side by side becomes several, whose labels say so. Where several rows are of the same run,
    the last one counts.
    """
    places = _with_baselines(rows, _places(rows))
    of_context: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for (context, _), members in places.items():
        of_context[context] += [rows[index] for index in members]
    # of all tables that can be compared, so that a scheme has one label in them
    shared = {context: common_of(members) for context, members in of_context.items()}
    steps = {context: [row["steps"] for row in members] for context, members in of_context.items()}
    spans = {context: (min(members), max(members)) for context, members in steps.items()}
    labels = labels_of(rows, places, {place: shared[place[0]] for place in places})
    order = tuple(dict.fromkeys(labels))
    scheme_of = dict(zip(labels, (row["scheme"] for row in rows), strict=True))
    made, repeated = [], 0
    counted: set[int] = set()
    for (context, adversary), members in places.items():
        entries: dict[tuple[str, int], dict[int, int]] = {}
        for index in members:
            seeds = entries.setdefault((labels[index], rows[index]["q"]), {})
            repeated += rows[index]["seed"] in seeds and index not in counted
            seeds[rows[index]["seed"]] = index
            counted.add(index)
        indices = {key: tuple(seeds.values()) for key, seeds in entries.items()}
        here = {label for label, _ in indices}
        schemes = {label: scheme_of[label] for label in order if label in here}
        made.append(_table(Context(context, spans[context]), adversary, indices, rows, schemes, shared[context]))
    return Tables(tuple(made), order, scheme_of, repeated)


_CONTEXT, _ADVERSARY = itemgetter(*OF_CONTEXT), itemgetter(*OF_ADVERSARY)


def _places(rows: Sequence[Row]) -> dict[Place, list[int]]:
    """The rows of each table."""
    telling, at = _telling_strengths(rows), OF_ADVERSARY.index("strength")
    found: dict[Place, list[int]] = {}
    for index, row in enumerate(rows):
        adversary = _ADVERSARY(row)
        if not telling[row["payload"]]:
            adversary = (*adversary[:at], None, *adversary[at + 1 :])
        found.setdefault((_CONTEXT(row), adversary), []).append(index)
    return found


def _telling_strengths(rows: Sequence[Row]) -> dict[str, bool]:
    """Whether a payload's strength tells runs apart; it does not where it only follows from q."""
    met: dict[str, dict[tuple[int, int], set[float | None]]] = {row["payload"]: defaultdict(set) for row in rows}
    for row in rows:
        if row["strength"] is not None or row["top1"] is not None:
            met[row["payload"]][row["workers"], row["q"]].add(row["strength"])
    return {
        payload: len(set().union(*by_q.values())) == 1 or any(len(values) > 1 for values in by_q.values())
        for payload, by_q in met.items()
    }


def _with_baselines(rows: Sequence[Row], places: Mapping[Place, list[int]]) -> dict[Place, list[int]]:
    """Put what ran without redundancy into the tables that are the same but for their redundancy."""
    at = OF_CONTEXT.index("redundancy")
    redundant: dict[Place, list[Place]] = defaultdict(list)
    for context, adversary in places:
        if context[at] > 1:
            redundant[(*context[:at], 1, *context[at + 1 :]), adversary].append((context, adversary))
    found: dict[Place, list[int]] = {}
    for place, members in places.items():
        homes = redundant.get(place, [])
        there = {rows[index]["scheme"] for home in homes for index in places[home]}
        for index in members:  # a scheme that ran with redundancy too stays apart
            for home in homes if homes and rows[index]["scheme"] not in there else [place]:
                found.setdefault(home, []).append(index)
    return {place: sorted(members) for place, members in found.items()}


def _table(
    context: Context,
    adversary: tuple[Any, ...],
    indices: Mapping[tuple[str, int], tuple[int, ...]],
    rows: Sequence[Row],
    schemes: Mapping[str, str],
    common: Mapping[str, Any],
) -> Table:
    entries = {}
    for key, members in indices.items():
        of_seeds = [rows[index] for index in members]
        with_results = tuple(row for row in of_seeds if row["loss"] is not None)
        entries[key] = Entry(with_results, tuple(row for row in of_seeds if row["loss"] is None))
    return Table(
        context=context,
        adversary=adversary,
        schemes=tuple(schemes),
        q=tuple(sorted({q for _, q in indices})),
        entries=entries,
        indices=indices,
        common=tuple(said(name, value) for name, value in common.items()),
        scheme_of=schemes,
    )
