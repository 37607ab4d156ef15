"""What a page's figures are drawn from, as one JSON-ready object: each result once, in columns."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from aspis_sim.analysis.chance import chance
from aspis_sim.analysis.labels import OF_ADVERSARY, OF_CONTEXT, OF_SCHEME, SIZES
from aspis_sim.analysis.summary import Entry, Mean
from aspis_sim.analysis.tables import Context, Table, Tables
from aspis_sim.detection import Outcome
from aspis_sim.report.drawings.against_q import alike
from aspis_sim.report.source import Source
from aspis_sim.report.style import styles
from aspis_sim.report.timelines import RUNS, as_data, sampled
from aspis_sim.spec.cell import BY_COLUMN


class Filter(NamedTuple):
    """A group of values by which results are chosen in the page.

    Attributes:
        key: in the page's address.
        title: over the values.
        value: of a result, as text, from its table and its entry.
        follows: whether its values are the same for all results of a scheme.
    """

    key: str
    title: str
    value: Callable[[Table, Entry], str]
    follows: bool = False


class Choice(NamedTuple):
    """A setting in which contexts differ.

    Attributes:
        key: in the page's address.
        title: over the values.
        values: as text.
        of: of each context, the position of its value.
    """

    key: str
    title: str
    values: tuple[str, ...]
    of: tuple[int, ...]


def choices_of(contexts: Sequence[Context]) -> tuple[Choice, ...]:
    """Every setting in which contexts differ."""
    found = []
    for name in OF_CONTEXT:
        told = [_written(name, context[name]) for context in contexts]
        values = tuple(dict.fromkeys(told))
        if len(values) > 1:
            found.append(Choice(name, _title(name), values, tuple(map(values.index, told))))
    return tuple(found)


def filters_of(tables: Tables) -> tuple[Filter, ...]:
    """Attack and payload, and every other setting of the adversary or a scheme that varies; schemes come first.

    Sizes and the learning rate, which follow from others, are filters where a scheme has several under one adversary.
    """
    entries = [
        (table, table.scheme_of[scheme], q, entry)
        for table in tables.tables
        for (scheme, q), entry in table.entries.items()
    ]
    made = [
        Filter("scheme", "Schemes", lambda table, entry: ""),
        Filter("attack", "Attacks", lambda table, entry: table.attack),
        Filter("payload", "Payloads", lambda table, entry: table.payload),
    ]
    named = ("attack", "payload", "strength", "framed")
    for name in (*(one for one in (*OF_ADVERSARY, *OF_SCHEME) if one not in named), "lr"):
        values = {entry.some[name] for *_, entry in entries}
        if name in (*SIZES, "lr"):
            here: dict[Any, set[Any]] = defaultdict(set)
            for table, scheme, q, entry in entries:
                here[id(table), scheme, q].add(entry.some[name])
            if all(len(met) == 1 for met in here.values()):
                continue
        if len(values) > 1:
            of_scheme: dict[str, set[Any]] = defaultdict(set)
            for _, scheme, _, entry in entries:
                of_scheme[scheme].add(entry.some[name])
            follows = name in OF_SCHEME and all(len(met) == 1 for met in of_scheme.values())
            made.append(Filter(name, _title(name), partial(_value, name), follows))
    return tuple(made)


def _value(column: str, table: Table, entry: Entry) -> str:
    return _written(column, entry.some[column])


def _title(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _written(column: str, value: Any) -> str:
    return BY_COLUMN[column].kind.write(value)


def page_data(source: Source, tables: Tables, most_runs: int = RUNS) -> dict[str, Any]:
    """The study for the page's script.

    Keys: ``contexts`` (labels, with what all in them is otherwise than by itself), ``attacks``, ``payloads``,
    ``adversaries`` (labels), ``schemes`` (name and look), ``sheets`` (context, attack, payload and adversary of each
    table as positions in these lists, then that in ``alike`` and who is silent), ``filters`` (key, title and values of
    those beside schemes, attacks and payloads), ``entries`` (columns over all tables, schemes and q; one for each of
    these filters, of positions in its values; ``run`` is a position in the next; ``tops`` are of the seeds in
    ``seed_sets``), ``runs`` (of each result whose steps are kept: bands over its seeds, and the detector's steps of the
    first), ``outcomes`` (names of a detector's), ``settings`` (of each context: names and values, samples of each
    scheme, chance), ``choices`` (settings in which contexts differ). Sheets that distort the same files have a label in
    common, ``alike``.
    """
    contexts = tables.contexts
    common = {table.context: table.common for table in tables.tables}
    attacks = tuple(dict.fromkeys(table.attack for table in tables.tables))
    payloads = tuple(dict.fromkeys(table.payload for table in tables.tables))
    adversaries = tuple(dict.fromkeys(table.label for table in tables.tables))
    runs, place, kept = _runs(source, tables, most_runs)
    alike, label_of = _alike(tables)
    seed_sets: dict[tuple[int, ...], int] = {}
    number = {scheme: at for at, scheme in enumerate(tables.schemes)}
    more: dict[Filter, dict[str, int]] = {one: {} for one in filters_of(tables)[3:]}
    columns: dict[str, list[Any]] = defaultdict(list)
    for at, table in enumerate(tables.tables):
        for (scheme, q), entry in table.entries.items():
            columns["sheet"].append(at)
            columns["scheme"].append(number[scheme])
            columns["q"].append(q)
            for one, values in more.items():
                columns[one.key].append(values.setdefault(one.value(table, entry), len(values)))
            for name, value in _figures(entry).items():
                columns[name].append(value)
            columns["run"].append(place.get((at, scheme, q)))
            seeds = tuple(row.seed for row in entry.rows)
            columns["of"].append(seed_sets.setdefault(seeds, len(seed_sets)))
            columns["tops"].append([None if row["top1"] is None else round(100 * row["top1"], 6) for row in entry.rows])
    return {
        "contexts": [", ".join((context.label, *common[context])) for context in contexts],
        "attacks": attacks,
        "payloads": payloads,
        "adversaries": adversaries,
        "schemes": [
            {"name": name, "colour": look.colour, "marker": look.marker[0], "dash": look.dash[0]}
            for name, look in styles({scheme: tables.scheme_of[scheme] for scheme in tables.schemes}).items()
        ],
        "sheets": [
            [
                contexts.index(table.context),
                attacks.index(table.attack),
                payloads.index(table.payload),
                adversaries.index(table.label),
                label_of[at],
                f"{table['silent']} {table['silence']}",
            ]
            for at, table in enumerate(tables.tables)
        ],
        "alike": alike,
        "seed_sets": list(seed_sets),
        "settings": [_settings(context, tables) for context in contexts],
        "choices": [one._asdict() for one in choices_of(contexts)],
        "kept": kept,
        "filters": [{"key": one.key, "title": one.title, "values": list(values)} for one, values in more.items()],
        "entries": columns,
        "runs": runs,
        "outcomes": [str(outcome).replace("_", " ") for outcome in Outcome],
    }


def _figures(entry: Entry) -> dict[str, Any]:
    some = entry.some
    top1 = entry.top1 or Mean(math.nan)
    return {
        "seeds": len(entry.rows),
        "failed": len(entry.failed),
        "diverged": entry.diverged,
        "top1": _percent(top1.value),
        "half": _percent(top1.half_width),
        "low": _percent(top1.low),
        "high": _percent(top1.high),
        "ranged": int(top1.ranged),
        "measured": _short(entry.measured),
        "theory": _short(entry.theory),
        "agrees": int(entry.as_published),
        "lost": _short(entry.lost),
        "detected": _short(entry.detected),
        "accused": _short(entry.accused),
        "samples": some["samples_processed"],
        "sent": some["bytes_sent"],
        "modelled": _short(some["seconds_modelled"]),
    }


def _runs(
    source: Source, tables: Tables, most: int
) -> tuple[list[dict[str, Any]], dict[tuple[int, str, int], int], int]:
    """What is kept of the sampled runs of each result, from a result to its place there, and how many runs they are."""
    runs: list[dict[str, Any]] = []
    place: dict[tuple[int, str, int], int] = {}
    wanted, met = set(sampled(tables, most) if source.traced else ()), set[int]()
    for at, table in enumerate(tables.tables):
        for (scheme, q), indices in table.indices.items():
            found = [(index, run) for index in indices if index in wanted and (run := source.timeline(index))]
            if found:
                met.update(index for index, _ in found)
                place[at, scheme, q] = len(runs)
                seeds = [source.rows[index]["seed"] for index, _ in found]
                runs.append({"seeds": seeds, **_finite(as_data([run for _, run in found]))})
    return runs, place, len(met)


def _alike(tables: Tables) -> tuple[list[str], list[int]]:
    """Labels of adversaries that distort the same files, and which is that of each table."""
    labels: list[str] = []
    place: dict[int, int] = {}
    for context in tables.contexts:
        for panel, members in alike([table for table in tables.tables if table.context == context]):
            place |= {id(table): len(labels) for table in members}
            labels.append(panel.title)
    return labels, [place[id(table)] for table in tables.tables]


def _settings(context: Context, tables: Tables) -> dict[str, Any]:
    """What is the same for all results of a context, and the samples of each scheme."""
    members = [table for table in tables.tables if table.context == context]
    told = [one.partition("=")[::2] for one in (*context.overrides, *members[0].common)]
    samples: dict[str, tuple[int, int, int]] = {}
    for table in members:
        for scheme in table.schemes:
            if scheme not in samples and (counts := table.samples(scheme)):
                samples[scheme] = counts
    share = chance(context["dataset"])
    facts = {
        "data": context["dataset"],
        "model": context["model"],
        "workers K": str(context["workers"]),
        "copies r": str(context["redundancy"]),
        "protocol": context["protocol"],
        "training": context.budget,
        **{name.replace("_", " "): value for name, value in told},
    }
    return {
        "facts": list(facts.items()),
        "samples": [[scheme, *counts] for scheme, counts in samples.items()],
        "chance": None if share is None else _short(100 * share),
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else _short(100 * share)


def _short(value: float | None) -> float | None:
    """Five digits are more than a figure shows; what JSON does not have becomes None."""
    if value is None or value - value != 0:
        return None
    rounded = float(f"{value:.5g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return _short(value) if isinstance(value, float) else value


def as_script(value: Any) -> str:
    """JSON that can stand in a script element: no text in it ends the element or begins a comment."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
