"""Pages made from the registries, the rows and the program: nothing of them is written by hand or committed."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import typer
from aspis_sim_cli.app import app

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.aggregation import PREAGGREGATIONS, RULES
from aspis_sim.assignment import ASSIGNMENTS, build, shape
from aspis_sim.augmentations import AUGMENTATIONS
from aspis_sim.data import DATASETS
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion import worst_case
from aspis_sim.errors import InputError
from aspis_sim.models import MODELS
from aspis_sim.registry import Registry
from aspis_sim.run.curve import Point
from aspis_sim.run.row import Row
from aspis_sim.schedules import SCHEDULES
from aspis_sim.schemes import SCHEMES, Scheme
from aspis_sim.trials.monte_carlo import Row as DetectionRow

WORKERS = (7, 9, 15, 21, 24, 25)
"""K of the tables of sizes."""

EXAMPLE_WORKERS, REDUNDANCY = 15, 3

API = (
    "aspis_sim.assignment",
    "aspis_sim.adversary",
    "aspis_sim.detection",
    "aspis_sim.aggregation",
    "aspis_sim.distortion",
    "aspis_sim.data",
    "aspis_sim.models",
    "aspis_sim.plugin",
    "aspis_sim.spec.grid",
    "aspis_sim.spec.cell",
    "aspis_sim.run.train",
    "aspis_sim.run.row",
    "aspis_sim.study",
    "aspis_sim.errors",
)

FILLED_IN = {"workers", "redundancy", "assignment", "q", "classes", "agreement", "max_byzantine", "run", "steps"}
"""Parameters of parts that the program fills in itself."""


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Attributes:
        folder: of its pages.
        title: in the table of contents.
        parts: its registry.
        about: what the kind is, in a sentence.
        command: how a part is named on the command line, with {name} in its place.
    """

    folder: str
    title: str
    parts: Registry | dict[str, Scheme]
    about: str
    command: str


KINDS = (
    Kind(
        "schemes",
        "Schemes",
        SCHEMES,
        "A scheme is an assignment, a detector and a robust rule under the name that the field knows them by.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme {name}",
    ),
    Kind(
        "attacks",
        "Attacks",
        TARGETINGS,
        "An attack chooses who is Byzantine, and about which files they lie.",
        "aspis-sim sweep --q 1..3 --attack {name}",
    ),
    Kind(
        "payloads",
        "Payloads",
        PAYLOADS,
        "A payload is what a distorted copy holds instead of the gradient.",
        "aspis-sim sweep --q 1..3 --attack strong --payload {name}",
    ),
    Kind(
        "rules",
        "Rules",
        RULES,
        "A rule makes one update of the values that the vote leaves.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme median --aggregator {name}",
    ),
    Kind(
        "preaggregations",
        "Steps before a rule",
        PREAGGREGATIONS,
        "A step before a rule changes the rows that it sees.",
        "aspis-sim sweep --q 1..3 --attack strong --scheme median --aggregator {name}+median",
    ),
    Kind(
        "assignments",
        "Assignments",
        ASSIGNMENTS,
        "An assignment says which workers compute which file.",
        "aspis-sim distortion --workers 15 --assignment {name}",
    ),
    Kind(
        "detectors",
        "Detectors",
        DETECTORS,
        "A detector reads from the agreement graph of the workers who is Byzantine.",
        "aspis-sim detect --q 1..3 --attack weak,strong --detector {name}",
    ),
    Kind(
        "datasets",
        "Data sets",
        DATASETS,
        "A data set is split into train, validation and test, and checked against its sum.",
        "aspis-sim data verify {name}",
    ),
    Kind(
        "models",
        "Models",
        MODELS,
        "A model maps inputs to scores.",
        "aspis-sim train --scheme median --q 1 --model {name}",
    ),
    Kind(
        "schedules",
        "Schedules",
        SCHEDULES,
        "A schedule says what the learning rate is multiplied by from step to step.",
        "aspis-sim train --scheme median --q 1 --schedule {name}",
    ),
    Kind(
        "augmentations",
        "Augmentations",
        AUGMENTATIONS,
        "An augmentation changes a training image before its gradient is taken.",
        "aspis-sim train --scheme median --q 1 --dataset cifar10 --model resnet8 --augment {name}",
    ),
)


@cache
def pages() -> dict[str, str]:
    """Every generated page: its address in the site, and its text."""
    found: dict[str, str] = {}
    for kind in KINDS:
        found[f"parts/{kind.folder}/index.md"] = _overview(kind)
        for name in kind.parts:
            found[f"parts/{kind.folder}/{name}.md"] = "\n".join(_part(kind, name))
    found["reference/commands.md"] = _commands()
    found["reference/columns.md"] = _columns()
    found["reference/python.md"] = _python()
    return found


def _overview(kind: Kind) -> str:
    lines = [f"# {kind.title}", "", kind.about, "", "| name | |", "|---|---|"]
    lines += [f"| [{name}]({name}.md) | {_cell(_summary(kind, name))} |" for name in kind.parts]
    return "\n".join(lines) + "\n"


def _part(kind: Kind, name: str) -> Iterator[str]:
    yield f"# {name}"
    yield ""
    part = kind.parts[name]
    yield from _scheme(part) if isinstance(part, Scheme) else _documentation(part)
    yield from ("## On the command line", "", "```", kind.command.format(name=name), "```", "")
    if not isinstance(part, Scheme):
        yield from _options(name, part)
    if kind.parts is ASSIGNMENTS and name != "custom":
        yield from _sizes(name)


def _scheme(scheme: Scheme) -> Iterator[str]:
    yield f"{scheme.summary[0].upper()}{scheme.summary[1:]}."
    yield ""
    rule, *_ = scheme.rule.partition(":")
    yield "| part | |"
    yield "|---|---|"
    yield f"| assignment | [{scheme.assignment}](../assignments/{scheme.assignment}.md) |"
    yield f"| detector | [{scheme.detector}](../detectors/{scheme.detector}.md) |"
    yield f"| rule | [{scheme.rule}](../rules/{rule}.md) |"
    yield f"| after a detection | {scheme.after_detection} |"
    yield f"| workers change places at every step | {'yes' if scheme.permute else 'no'} |"
    yield f"| coding | {scheme.coding} |"
    yield ""


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
    redundancy = 1 if name == "baseline" else REDUNDANCY
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


def _summary(kind: Kind, name: str) -> str:
    part = kind.parts[name]
    return part.summary if isinstance(part, Scheme) else RULES.__class__.summary(kind.parts, name)  # type: ignore[arg-type]


def _commands() -> str:
    """The help of every command as Markdown, by Typer's own generator."""
    from typer.cli import get_docs_for_click

    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="aspis-sim")
    text = get_docs_for_click(obj=command, ctx=context, name="aspis-sim", title="Commands")
    return re.sub(r"(?m)^\* `--(install|show)-completion`.*\n", "", text)


def _columns() -> str:
    lines = [
        "# Columns",
        "",
        "One row a cell; numbers in full precision. An empty field (a null in JSON) is no figure.",
        "",
    ]
    for title, kind in (
        ("sweep", Row),
        ("train: the points of the curve", Point),
        ("detect", DetectionRow),
    ):
        described = _attributes(kind)
        lines += [f"## {title}", "", "| column | type | |", "|---|---|---|"]
        for field in fields(kind):
            written = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
            type_name = written.replace(" | None", " or none")
            lines.append(f"| `{field.name}` | {type_name} | {_cell(described[field.name])} |")
        lines.append("")
    return "\n".join(lines)


def _attributes(kind: type) -> dict[str, str]:
    """The ``Attributes:`` of a dataclass's docstring, field by field; one line may describe several."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    [a-z][a-z0-9_, ]*: )", "\n" + listed.rstrip()):
        names, _, text = " ".join(entry.split()).partition(": ")
        for name in names.split(","):
            found[name.strip()] = text
    return found


def _python() -> str:
    lines = [
        "# Python",
        "",
        "What the library offers to programs; the parts have [pages of their own](../parts/rules/index.md).",
        "",
    ]
    for module in API:
        lines += [f"::: {module}", "    options: {heading_level: 2, show_root_full_path: true, show_source: false}", ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text as it may stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("``", "`")
