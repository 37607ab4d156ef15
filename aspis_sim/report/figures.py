"""The figures of a report for a paper, drawn by matplotlib: as wide as a column, the same bytes from the same study.

Text stays text in a PDF (fonts embedded as TrueType); an SVG holds its letters as outlines, so that it looks the same
everywhere.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aspis_sim.analysis.tables import Table, Tables, tables_of
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.report.axes import COLUMN, Wanted
from aspis_sim.report.drawings import COSTS, FIGURES
from aspis_sim.report.libraries import check_library
from aspis_sim.report.source import Source
from aspis_sim.report.style import Look, styles
from aspis_sim.run.row import Row
from aspis_sim.spec.cell import BY_COLUMN, Cell, filled
from aspis_sim.spec.kinds import Whole
from aspis_sim.spec.knob import Knob

FORMATS = (".png", ".svg", ".pdf")
ACROSS = ("accuracy", "distortion")
"""Figures whose horizontal axis can be another setting than q."""
OTHERS = tuple(name for name in BY_COLUMN if name not in ("q", "seed", "scheme"))
"""Settings that can be on it."""
PARTS = 12
"""Most adversaries in one figure."""
STYLE: dict[str, Any] = {
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7,
    "lines.linewidth": 1.1,
    "lines.markersize": 4,
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "aspis-sim",
}


def check_figure(kind: str, path: Path, wanted: Wanted) -> None:
    """Refuse a figure that cannot be made, before anything is read.

    Raises:
        InputError: unknown kind, an ending of the file that is not in `FORMATS`, a width that no page has, a setting
            that cannot be on the horizontal axis, or matplotlib is not installed.
    """
    if kind not in FIGURES:
        raise unknown_name("figure", kind, FIGURES)
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"cannot draw to {path.name}; end the file in {', '.join(FORMATS)}")
    if kind == "cost":
        if wanted.x not in ("q", *COSTS):
            raise unknown_name("cost", wanted.x, COSTS)
    elif wanted.x != "q" and kind not in ACROSS:
        raise InputError(f"figure {kind} is not drawn across a setting; {' and '.join(ACROSS)} are")
    elif wanted.x != "q" and wanted.x not in OTHERS:
        raise unknown_name("setting", wanted.x, ("q", *OTHERS))
    if not 1 <= wanted.width <= 40:
        raise InputError(f"a figure {wanted.width:g} inches wide: take 1 to 40; a column of a paper has {COLUMN}")
    check_library("plot")


def figure(study: Source, kind: str, ending: str, wanted: Wanted) -> bytes:
    """A figure as the content of a file.

    Args:
        study: at least one row.
        kind: of `FIGURES`.
        ending: of `FORMATS`.
        wanted: what of the study.

    Raises:
        InputError: nothing of the study is wanted, or so much that no figure can show it; or what the figure needs
            is not kept in the study.
    """
    import matplotlib
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **STYLE}
    with matplotlib.rc_context(settings):
        rows, wanted = (study.rows, wanted) if kind == "cost" else against(study.rows, wanted)
        shown = _select(tables_of(rows), wanted)
        drawing = Figure(layout="constrained")
        FIGURES[kind](drawing, study, shown, wanted)
        file = io.BytesIO()
        undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[ending]
        drawing.savefig(file, format=ending[1:], dpi=300, metadata=undated)
    return file.getvalue()


def not_drawn(study: Source) -> tuple[str, ...]:
    """What a figure leaves out: all settings but the one with most results, each a figure of its own."""
    first, *others = tables_of(study.rows).contexts
    if not others:
        return ()
    return (
        f"drawn: {first.label}; left out, since it has another setting: {'; '.join(one.label for one in others[:3])}"
        f"{f' and {len(others) - 3} more' if len(others) > 3 else ''}; choose with `where`",
    )


def against(rows: Sequence[Row], wanted: Wanted) -> tuple[Sequence[Row], Wanted]:
    """Rows with the setting on the horizontal axis in the place of q, and what is wanted of them.

    Whole numbers stand at their place, and what has none beside them is left out; other values follow each other in the
    order of the rows.

    Raises:
        InputError: no row has a value there, or none has the q that is wanted.
    """
    if wanted.x == "q":
        return rows, wanted
    one = BY_COLUMN[wanted.x]
    whole = isinstance(one.kind, Whole)
    found = [row for row in rows if (isinstance(row[wanted.x], int) if whole else row[wanted.x] is not None)]
    if not found:
        raise InputError(f"no cell of the study has a value for {wanted.x}")
    q = max(row.q for row in found) if wanted.only_q is None else wanted.only_q
    if q not in (known := {row.q for row in found}):
        raise InputError(f"no cell with q={q}; the study has {', '.join(map(str, sorted(known)))}")
    found = [row for row in found if row.q == q]
    places = {value: place for place, value in enumerate(dict.fromkeys(row[wanted.x] for row in found))}
    placed = [
        row.replaced(**{"q": row[wanted.x] if whole else places[row[wanted.x]], wanted.x: _usual(row, one)})
        for row in found
    ]
    return placed, replace(wanted, q=(q,), values=() if whole else tuple(map(one.written, places)))


def _usual(row: Row, one: Knob) -> Any:
    """What the setting is where nobody asks for another value, so that a figure does not name one."""
    fills = filled(row.scheme, row.dataset, row.compute)
    return fills.get(one.name, Cell.__dataclass_fields__[one.name].default)


def _select(tables: Tables, wanted: Wanted) -> tuple[tuple[Table, ...], dict[str, Look]]:
    """The tables that are wanted, of the context with most results among them, and the look of their schemes.

    A scheme's name stands for all its variants, a label for one.
    """
    _check_names("scheme", wanted.schemes, {*tables.schemes, *tables.scheme_of.values()})
    schemes = [name for one in wanted.schemes for name in tables.schemes if one in (name, tables.scheme_of[name])]
    _check_names("attack", wanted.attacks, [table.attack for table in tables.tables])
    _check_names("payload", wanted.payloads, [table.payload for table in tables.tables])
    found = [
        table
        for context in tables.contexts[:1]
        for table in tables.tables
        if table.context == context
        and (not wanted.attacks or table.attack in wanted.attacks)
        and (not wanted.payloads or table.payload in wanted.payloads)
    ]
    if not found:
        raise InputError("no cell of the study is of these attacks and payloads together")
    if len(found) > PARTS:
        raise InputError(f"{len(found)} adversaries do not fit in one figure; name some with `attack` and `payload`")
    looks = styles({name: tables.scheme_of[name] for name in tables.schemes})
    return tuple(found), {name: looks[name] for name in schemes or tables.schemes}


def _check_names(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, set(known))
