"""The pages for looking things up: settings, commands, columns, and what the library offers to Python."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import typer
from aspis_sim_cli.app import app
from aspis_sim_cli.options.help import spell_out
from page_text import in_cell, table
from part_kinds import linked

from aspis_sim.front import keywords
from aspis_sim.run.curve import Point
from aspis_sim.run.figures.columns import Column
from aspis_sim.run.row import COLUMNS
from aspis_sim.spec.grid import AXES
from aspis_sim.spec.kinds import Named
from aspis_sim.spec.knob import Knob
from aspis_sim.trials.monte_carlo import Row as DetectionRow

API = (
    "aspis_sim",
    "aspis_sim.assignment",
    "aspis_sim.adversary",
    "aspis_sim.detection",
    "aspis_sim.aggregation",
    "aspis_sim.distortion",
    "aspis_sim.data",
    "aspis_sim.models",
    "aspis_sim.plugin",
    "aspis_sim.spec.cell",
    "aspis_sim.spec.grid",
    "aspis_sim.run.resolve",
    "aspis_sim.run.train",
    "aspis_sim.run.row",
    "aspis_sim.study",
    "aspis_sim.study.session",
    "aspis_sim.study.reading",
    "aspis_sim.analysis.tables",
    "aspis_sim.errors",
)

SETTINGS = """\
# Settings

Everything that a run follows from, by the groups of the commands' help. A setting is the same wherever it is given: as
a flag of `aspis-sim sweep` and `aspis-sim train`, as a key of the file that `--config` names, in the environment
(`ASPIS_SIM_SWEEP_LR` is the `--lr` of a sweep), as a keyword of `aspis_sim.sweep` and `aspis_sim.train` in
[Python](python.md). A flag wins over the environment, and that over the file. The [column](columns.md) of the results
holds it as it ran.

A sweep takes several values of a setting: separated by commas, numbers also as ranges (`1..7`, `0.5..2:0.5`), in a
file and in Python also as a list. A run takes one. Where a sweep has another spelling or another default than a run,
it stands in brackets.
"""

HEADER = ("setting", "flag", "configuration key", "keyword in Python", "column", "default", "meaning")


def pages() -> dict[str, str]:
    """These pages: address in the site -> text."""
    return {
        "reference/commands.md": _commands(),
        "reference/settings.md": "\n".join(_settings()),
        "reference/columns.md": "\n".join(_columns()),
        "reference/python.md": "\n".join(_python()),
    }


def _settings() -> Iterator[str]:
    yield SETTINGS
    for panel in dict.fromkeys(one.panel for one in AXES.values()):
        rows = [_setting(one) for one in AXES.values() if one.panel == panel]
        yield from (f"## {panel}", "", *table(HEADER, rows))


def _setting(one: Knob) -> tuple[str, ...]:
    keys = (one.flag, one.flag_of_several)
    in_python = [[word for word, name in keywords(several).items() if name == one.name] for several in (False, True)]
    cells = (
        f"`{one.name}`",
        _either(*(", ".join(f"`{flag}`" for flag in _flags(one, key)) for key in keys)),
        _either(*(f"`{key}`" for key in keys)),
        _either(*(", ".join(f"`{word}`" for word in sorted(words)) for words in in_python)),
        f"`{one.column}`" if one.column else "",
        f"the {one.filled_by}'s" if one.filled_by else _either(*(_values(one, each) for each in (False, True))),
        _meaning(one),
    )
    return tuple(map(in_cell, cells))


def _either(of_a_run: str, of_a_sweep: str) -> str:
    return of_a_run if of_a_run == of_a_sweep else f"{of_a_run} (sweep: {of_a_sweep})"


def _flags(one: Knob, key: str) -> tuple[str, ...]:
    """With the flag that says no, where a yes can come from the scheme."""
    return (f"--{key}", f"--no-{key}") if one.kind.type is bool and one.filled_by else (f"--{key}",)


def _values(one: Knob, several: bool) -> str:
    return f"`{','.join(map(one.written, one.defaults if several else (one.default,)))}`"


def _meaning(one: Knob) -> str:
    """With the names that may be given, each a link to its page."""
    names = one.kind.names()
    if isinstance(one.kind, Named):
        names = (linked(one.kind.registry, name, "../parts/") for name in names)
    told = one.meaning.replace("{before}", ", ".join(one.kind.names_before()))
    return told.replace("{names}", ", ".join(names))


def _commands() -> str:
    """The help of every command as Markdown, by Typer's own generator."""
    from typer.cli import get_docs_for_click

    command: Any = typer.main.get_command(app)
    for one in command.commands.values():
        spell_out(one)
    context = typer.Context(command, info_name="aspis-sim")
    text = get_docs_for_click(obj=command, ctx=context, name="aspis-sim", title="Commands")
    return re.sub(r"(?m)^\* `--(install|show)-completion`.*\n", "", text)


def _columns() -> Iterator[str]:
    yield from ("# Columns", "")
    yield from ("One row a cell; numbers in full precision. An empty field (a null in JSON) is no figure.", "")
    yield from ("## sweep", "", "What has a setting holds it as it ran: see [settings](settings.md).", "")
    header = ("column", "type", "setting", "meaning")
    yield from table(
        header, ((f"`{one.name}`", _type(one), _held(one), in_cell(one.meaning)) for one in COLUMNS.values())
    )
    for title, kind in (("train: the points of the curve", Point), ("detect", DetectionRow)):
        described = _attributes(kind)
        rows = ((f"`{one.name}`", _annotated(one.type), in_cell(described[one.name])) for one in fields(kind))
        yield from (f"## {title}", "", *table(("column", "type", "meaning"), rows))


def _type(one: Column) -> str:
    """The type of a column's values, and what else may stand there."""
    words = list(one.setting.kind.names()) if one.setting is not None and one.setting.kind.has_words else []
    asked = one.setting is not None and one.value is None
    optional = one.setting.kind.optional if one.setting is not None and asked else one.type is not str
    return " or ".join([one.type.__name__, *words, *["none"] * optional])


def _held(one: Column) -> str:
    return "" if one.setting is None else f"`{one.setting.name}`"


def _annotated(kind: object) -> str:
    written = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    return written.replace(" | None", " or none")


def _attributes(kind: type) -> dict[str, str]:
    """The ``Attributes:`` of a dataclass's docstring, field by field; one line may describe several."""
    _, _, listed = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=    [a-z][a-z0-9_, ]*: )", "\n" + listed.rstrip()):
        names, _, text = " ".join(entry.split()).partition(": ")
        for name in names.split(","):
            found[name.strip()] = text
    return found


def _python() -> Iterator[str]:
    yield from ("# Python", "")
    yield "What the library offers to programs. The keywords of `sweep` and `train` are the [settings](settings.md);"
    yield from ("the parts have [pages of their own](../parts/rules/index.md).", "")
    for module in API:
        options = "    options: {heading_level: 2, show_root_full_path: true, show_source: false}"
        yield from (f"::: {module}", options, "")
