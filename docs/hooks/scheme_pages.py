"""The page of a scheme: its method in words, its assignment as a picture, what it can lose, its settings."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from page_text import in_cell, table
from part_kinds import linked

from aspis_sim.assignment import ASSIGNMENTS, build
from aspis_sim.assignment.base import Assignment
from aspis_sim.distortion import worst_case
from aspis_sim.errors import InputError
from aspis_sim.schemes import Scheme
from aspis_sim.spec.cell import KNOBS, Cell
from aspis_sim.spec.kinds import Named
from aspis_sim.spec.knob import Knob
from aspis_sim.spec.part import parse_part

TEXTS = Path(__file__).with_name("schemes.txt")

WORKERS, REDUNDANCY = 15, 3
"""Of the tables of what can be lost."""

DRAWN = (7, 9, 15)
"""Numbers of workers of a picture: the first for which the assignment is defined."""

CELL, LEFT, TOP = 15, 44, 24
"""Of a picture, in pixels: the size of a cell, and where the first one is."""


def scheme_page(scheme: Scheme) -> Iterator[str]:
    """The lines of the page between its heading and the example."""
    yield f"{scheme.summary[0].upper()}{scheme.summary[1:]}."
    yield from ("", texts()[scheme.name], "")
    yield from _picture(scheme)
    yield from _losses(scheme)
    yield from ("## Settings", "")
    filled = [one for name, one in KNOBS.items() if name in scheme.fills or one.filled_by == "scheme"]
    rows = [
        (f"`{one.flag}`", _value(one, scheme), in_cell(one.meaning.partition(":")[0].rstrip("."))) for one in filled
    ]
    yield from table(("setting", "value", "meaning"), rows)
    yield "A value that is given for one of these [settings](../../reference/settings.md) takes the scheme's place."
    yield ""


@cache
def texts() -> dict[str, str]:
    """Scheme -> its method, what it guarantees and when to use it."""
    _, *sections = re.split(r"(?m)^## (.+)$", TEXTS.read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(sections[::2], sections[1::2], strict=True)}


def _value(one: Knob, scheme: Scheme) -> str:
    """The value that a setting has under a scheme; of a part, a link to its page."""
    text = one.written(scheme.fills.get(one.name, Cell.__dataclass_fields__[one.name].default))
    if not isinstance(one.kind, Named):
        return f"`{text}`"
    return linked(one.kind.registry, parse_part(text).name.rpartition("+")[2], "../", text)


def _built(scheme: Scheme, workers: int) -> Assignment | None:
    redundancy = REDUNDANCY if ASSIGNMENTS.traits(scheme.assignment).redundant else 1
    try:
        return build(scheme.assignment, workers=workers, redundancy=redundancy)
    except InputError:
        return None


def _picture(scheme: Scheme) -> Iterator[str]:
    groups = next(found for workers in DRAWN if (found := _built(scheme, workers)) is not None)
    copies = f", r = {REDUNDANCY}" if groups.redundancy > 1 else ""
    yield "## Who computes what"
    yield ""
    told = f"The assignment for K = {groups.workers}{copies}: a row for each worker, a column for each of the"
    yield f"{told} {len(groups.files)} files."
    yield ""
    yield f"<div>{svg(groups)}</div>"
    yield ""


def svg(groups: Assignment) -> str:
    """Who holds which file, as SVG that takes the colours of the page."""
    files, workers = len(groups.files), groups.workers
    width, height = LEFT + CELL * files + 4, TOP + CELL * workers + 4
    holds = np.zeros((workers, files), bool)
    for number, holders in enumerate(groups.files):
        holds[holders, number] = True
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{workers} workers and {files} files" style="max-width: 100%" font-size="11">',
        f'<text x="{LEFT}" y="{TOP - 8}" fill="currentColor">files</text>',
    ]
    for worker in range(workers):
        y = TOP + CELL * worker
        parts.append(f'<text x="{LEFT - 6}" y="{y + 11}" text-anchor="end" fill="currentColor">U{worker + 1}</text>')
        for number in range(files):
            look = 'fill="#4051b5"' if holds[worker, number] else 'fill="currentColor" fill-opacity="0.08"'
            parts.append(f'<rect x="{LEFT + CELL * number}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" {look}/>')
    return "".join((*parts, "</svg>"))


def _losses(scheme: Scheme) -> Iterator[str]:
    """The most files that q workers can distort; nothing without copies or votes."""
    groups = _built(scheme, WORKERS)
    if groups is None or groups.redundancy == 1 or "coding" in scheme.fills:
        return
    detector = str(scheme.fills["detector"])
    found = [worst_case(groups, q, parse_part(detector).name) for q in range(1, (WORKERS + 1) // 2)]
    names = [("≤ " if one.proof == "bound only" else "") + str(one.count) for one in found]
    yield "## What an adversary can distort"
    yield ""
    told = f"The most of the {len(groups.files)} files that q of {WORKERS} workers can distort in a step,"
    yield f"{told} with r = {REDUNDANCY}, whatever they return:"
    yield ""
    yield from table(("q", *map(str, range(1, len(names) + 1))), [("files", *names)])
