"""What a page's figures are drawn from, as one JSON-ready object: each result once, in columns."""

import json
import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from aspis_sim.analysis.labels import OF_ADVERSARY, OF_SCHEME, SIZES
from aspis_sim.analysis.summary import Entry, Mean
from aspis_sim.analysis.tables import Table, Tables
from aspis_sim.detection import Outcome
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
    """

    key: str
    title: str
    value: Callable[[Table, Entry], str]


def filters_of(tables: Tables) -> tuple[Filter, ...]:
    """Attack and payload, and every other setting of the adversary or a scheme that varies; schemes come first."""
    entries = [(table, entry) for table in tables.tables for entry in table.entries.values()]
    made = [
        Filter("scheme", "Schemes", lambda table, entry: ""),
        Filter("attack", "Attacks", lambda table, entry: table.attack),
        Filter("payload", "Payloads", lambda table, entry: table.payload),
    ]
    named = ("attack", "payload", "strength", "framed")
    others = [name for name in OF_ADVERSARY if name not in named] + [name for name in OF_SCHEME if name not in SIZES]
    for name in others:
        if len({entry.some[name] for _, entry in entries}) > 1:
            title = name.replace("_", " ").capitalize()
            made.append(Filter(name, title, lambda table, entry, name=name: _written(name, entry.some[name])))  # type: ignore[misc]
    return tuple(made)


def _written(column: str, value: Any) -> str:
    return BY_COLUMN[column].kind.write(value)


def page_data(source: Source, tables: Tables, most_runs: int = RUNS) -> dict[str, Any]:
    """The study for the page's script.

    Keys: ``contexts`` (labels, with what all in them is otherwise than by itself), ``attacks``, ``payloads``,
    ``adversaries`` (labels), ``schemes`` (name and look), ``sheets`` (context, attack, payload and adversary of each
    table as positions in these lists), ``filters`` (key, title and values of those beside schemes, attacks and
    payloads), ``entries`` (columns over all tables, schemes and q; one for each of these filters, of positions in its
    values; ``runs`` are positions in the next), ``runs`` (seed and curves of the sampled ones), ``outcomes`` (names of
    a detector's).
    """
    contexts = tables.contexts
    common = {table.context: table.common for table in tables.tables}
    attacks = tuple(dict.fromkeys(table.attack for table in tables.tables))
    payloads = tuple(dict.fromkeys(table.payload for table in tables.tables))
    adversaries = tuple(dict.fromkeys(table.label for table in tables.tables))
    runs, place = _runs(source, tables, most_runs)
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
            columns["runs"].append([place[index] for index in table.indices[scheme, q] if index in place])
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
            ]
            for table in tables.tables
        ],
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


def _runs(source: Source, tables: Tables, most: int) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """The sampled runs, and from a row's index to its run."""
    runs: list[dict[str, Any]] = []
    place = {}
    for index in sampled(tables, most) if source.traced else ():
        if (timeline := source.timeline(index)) is not None:
            place[index] = len(runs)
            runs.append({"seed": source.rows[index]["seed"], **_finite(as_data(timeline))})
    return runs, place


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
