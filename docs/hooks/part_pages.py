"""The pages of the parts, made from their registries: one for every part, one overview for every kind."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from page_text import in_cell, table
from part_kinds import KINDS, Kind
from scheme_pages import scheme_page

from aspis_sim.assignment import ASSIGNMENTS, build, shape
from aspis_sim.distortion import worst_case
from aspis_sim.errors import InputError
from aspis_sim.registry import Registry
from aspis_sim.schemes import Scheme

WORKERS = (7, 9, 15, 21, 24, 25)
"""K of the tables of sizes."""

EXAMPLE_WORKERS, REDUNDANCY = 15, 3

FILLED_IN = {"workers", "redundancy", "assignment", "q", "classes", "agreement", "max_byzantine", "run", "steps"}
"""Parameters of parts that the program fills in itself."""


def pages() -> dict[str, str]:
    """The pages of all kinds: address in the site -> text."""
    found: dict[str, str] = {}
    for kind in KINDS:
        found[f"parts/{kind.folder}/index.md"] = _overview(kind)
        for name in kind.parts:
            found[f"parts/{kind.folder}/{name}.md"] = "\n".join(_part(kind, name))
    return found


def _overview(kind: Kind) -> str:
    rows = [(f"[{name}]({name}.md)", in_cell(_summary(kind.parts, name))) for name in kind.parts]
    return "\n".join((f"# {kind.title}", "", kind.about, "", *table(("name", ""), rows)))


def _summary(parts: Registry | dict[str, Scheme], name: str) -> str:
    return parts.summary(name) if isinstance(parts, Registry) else parts[name].summary


def _part(kind: Kind, name: str) -> Iterator[str]:
    yield f"# {name}"
    yield ""
    part = kind.parts[name]
    yield from scheme_page(part) if isinstance(part, Scheme) else _documentation(part)
    yield from ("## On the command line", "", "```", kind.command_of(name), "```", "")
    if not isinstance(part, Scheme):
        yield from _options(name, part)
    if kind.parts is ASSIGNMENTS and name != "custom":
        yield from _sizes(name)


def _documentation(part: Callable[..., Any]) -> Iterator[str]:
    yield f"::: {part.__module__}.{part.__qualname__}"
    yield "    options: {show_root_heading: false, show_root_toc_entry: false}"
    yield ""


def _options(name: str, part: Callable[..., Any]) -> Iterator[str]:
    if set(inspect.signature(part).parameters) - FILLED_IN:
        yield from (f"The parameters above are options: they follow the name, as in `{name}:option=value`.", "")


def _sizes(name: str) -> Iterator[str]:
    """How large an assignment is for a few K, and what the strong attack distorts of it."""
    rows = []
    redundancy = REDUNDANCY if ASSIGNMENTS.traits(name).redundant else 1
    for workers in WORKERS:
        try:
            files, load = shape(name, workers=workers, redundancy=redundancy)
        except InputError:
            continue
        rows.append(f"| {workers} | {files:,} | {load:,} |")
    yield from (f"## Sizes with r = {redundancy}", "", "| workers K | files f | files a worker l |", "|--:|--:|--:|")
    yield from rows
    yield ""
    try:
        groups = build(name, workers=EXAMPLE_WORKERS, redundancy=redundancy)
    except InputError:
        return
    budgets = range(1, (EXAMPLE_WORKERS + 1) // 2)
    counts = [worst_case(groups, q).count for q in budgets]
    yield f"The most of its {len(groups.files)} files that q of {EXAMPLE_WORKERS} workers can distort past the vote:"
    yield ""
    yield "| q | " + " | ".join(map(str, budgets)) + " |"
    yield "|---|" + "--:|" * len(counts)
    yield "| files | " + " | ".join(map(str, counts)) + " |"
    yield ""
