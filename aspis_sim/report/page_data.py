"""What a page's figures are drawn from, as one JSON-ready object: each result once, in columns."""

import json
from collections import defaultdict
from typing import Any

from aspis_sim.analysis.sheets import Sheets
from aspis_sim.analysis.summary import Entry
from aspis_sim.detection import Outcome
from aspis_sim.report.study import StudyData
from aspis_sim.report.style import looks
from aspis_sim.report.timelines import RUNS, as_data, sampled


def page_data(study: StudyData, sheets: Sheets, most_runs: int = RUNS) -> dict[str, Any]:
    """The study for the page's script.

    Keys: ``contexts`` (labels), ``attacks``, ``payloads``, ``schemes`` (name and look), ``sheets`` (context, attack and
    payload as positions in these lists), ``entries`` (columns over all sheets, schemes and q; ``runs`` are positions
    in the next), ``runs`` (seed and curves of the sampled ones), ``outcomes`` (names of a detector's).
    """
    contexts = sheets.contexts
    attacks = tuple(dict.fromkeys(sheet.attack for sheet in sheets.sheets))
    payloads = tuple(dict.fromkeys(sheet.payload for sheet in sheets.sheets))
    runs, place = _runs(study, sheets, most_runs)
    number = {scheme: at for at, scheme in enumerate(sheets.schemes)}
    columns: dict[str, list[Any]] = defaultdict(list)
    for at, sheet in enumerate(sheets.sheets):
        for (scheme, q), entry in sheet.panel.entries.items():
            columns["sheet"].append(at)
            columns["scheme"].append(number[scheme])
            columns["q"].append(q)
            for name, value in _figures(entry).items():
                columns[name].append(value)
            columns["runs"].append([place[index] for index in sheet.indices[scheme, q] if index in place])
    return {
        "contexts": [context.label for context in contexts],
        "attacks": attacks,
        "payloads": payloads,
        "schemes": [
            {"name": name, "colour": look.colour, "marker": look.marker[0], "dash": look.dash[0]}
            for name, look in looks(sheets.schemes).items()
        ],
        "sheets": [
            [contexts.index(sheet.context), attacks.index(sheet.attack), payloads.index(sheet.payload)]
            for sheet in sheets.sheets
        ],
        "entries": columns,
        "runs": runs,
        "outcomes": [str(outcome).replace("_", " ") for outcome in Outcome],
    }


def _figures(entry: Entry) -> dict[str, Any]:
    top1 = entry.top1
    some = (entry.rows or entry.failed)[0]
    return {
        "seeds": len(entry.rows),
        "failed": len(entry.failed),
        "diverged": sum(row.status == "diverged" for row in entry.rows),
        "top1": None if top1 is None else _short(100 * top1.value),
        "half": None if top1 is None or top1.half_width is None else _short(100 * top1.half_width),
        "measured": _short(entry.measured),
        "theory": _short(some.distortion_theory),
        "agrees": int(entry.as_published),
        "lost": _short(entry.lost),
        "detected": _short(entry.detected),
        "accused": _short(entry.accused),
        "samples": some.samples_processed,
    }


def _runs(study: StudyData, sheets: Sheets, most: int) -> tuple[list[dict[str, Any]], dict[int, int]]:
    """The sampled runs, and from a row's index to its run."""
    runs: list[dict[str, Any]] = []
    place = {}
    for index in sampled(sheets, most) if study.traced else ():
        if (timeline := study.timeline(index)) is not None:
            place[index] = len(runs)
            runs.append({"seed": study.rows[index].seed, **_finite(as_data(timeline))})
    return runs, place


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
