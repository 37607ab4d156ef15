"""The figures of a report for a paper, drawn by matplotlib: as wide as a column, the same bytes from the same study.

Text stays text in a PDF (fonts embedded as TrueType); an SVG holds its letters as outlines, so that it looks the same
everywhere.
"""

import importlib.util
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aspis_sim.analysis.sheets import Sheet, Sheets, sheets_of
from aspis_sim.analysis.summary import Panel
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.report.study import StudyData
from aspis_sim.report.style import Look, looks
from aspis_sim.report.text_tables import printable
from aspis_sim.report.timelines import binned

FORMATS = (".png", ".svg", ".pdf")
COLUMN = 3.4
"""Inches: the width of a column in most two-column papers."""
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


@dataclass(frozen=True)
class Wanted:
    """What of a study is drawn.

    Attributes:
        schemes, attacks, payloads: labels; empty for all.
        q: for figures at one q; None for the largest.
        width: of the figure, in inches.
    """

    schemes: tuple[str, ...] = ()
    attacks: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    q: int | None = None
    width: float = COLUMN


def check_figure(kind: str, path: Path, wanted: Wanted) -> None:
    """Refuse a figure that cannot be made, before anything is read.

    Raises:
        InputError: unknown kind, an ending of the file that is not in `FORMATS`, a width that no page has, or
            matplotlib is not installed.
    """
    if kind not in FIGURES:
        raise unknown_name("figure", kind, FIGURES)
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"cannot draw to {path.name}; end the file in {', '.join(FORMATS)}")
    if not 1 <= wanted.width <= 40:
        raise InputError(f"a figure {wanted.width:g} inches wide: take 1 to 40; a column of a paper has {COLUMN}")
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("a figure needs matplotlib; install it with: pip install 'aspis-sim[plot]'")


def figure(study: StudyData, kind: str, ending: str, wanted: Wanted) -> bytes:
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
        shown = _select(sheets_of(study.rows, study.settings), wanted)
        drawing = Figure(layout="constrained")
        FIGURES[kind](drawing, study, shown, wanted)
        file = io.BytesIO()
        undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}[ending]
        drawing.savefig(file, format=ending[1:], dpi=300, metadata=undated)
    return file.getvalue()


def _select(sheets: Sheets, wanted: Wanted) -> tuple[tuple[Sheet, ...], dict[str, Look]]:
    """The sheets that are wanted, of the context with most results among them, and the look of their schemes."""
    _check_names("scheme", wanted.schemes, sheets.schemes)
    _check_names("attack", wanted.attacks, [sheet.attack for sheet in sheets.sheets])
    _check_names("payload", wanted.payloads, [sheet.payload for sheet in sheets.sheets])
    found = [
        sheet
        for context in sheets.contexts[:1]
        for sheet in sheets.sheets
        if sheet.context == context
        and (not wanted.attacks or sheet.attack in wanted.attacks)
        and (not wanted.payloads or sheet.payload in wanted.payloads)
    ]
    if not found:
        raise InputError("no cell of the study is of these attacks and payloads together")
    if len(found) > PARTS:
        raise InputError(f"{len(found)} adversaries do not fit in one figure; name some with --attack and --payload")
    styles = looks(sheets.schemes)
    return tuple(found), {name: styles[name] for name in wanted.schemes or sheets.schemes}


def _check_names(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, set(known))


_KEY = (
    ("measured", Look("#444444", ("circle", "o"), ("none", ""))),
    ("published", Look("#444444", ("none", ""), ("dash", "--"))),
)
Shown = tuple[tuple[Sheet, ...], dict[str, Look]]
Draw = Callable[[Any, Sheet, dict[str, Look]], None]


def _parts(
    drawing: Any, shown: Shown, wanted: Wanted, draw: Draw, x: str, y: str, extra: Sequence[tuple[str, Look]] = ()
) -> None:
    """One set of axes for each sheet on shared scales, and one legend, with ``extra`` entries at its end."""
    sheets, styles = shown
    columns = min(len(sheets), max(1, round(wanted.width / 1.7))) if len(sheets) > 1 else 1
    rows = math.ceil(len(sheets) / columns)
    axes = drawing.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    used = [name for name in styles if any(name in sheet.panel.schemes for sheet in sheets)]
    legend = [(name, styles[name]) for name in used] + list(extra)
    across = max(1, int(wanted.width * 13 // max(len(name) + 5 for name, _ in legend)))
    lines = math.ceil(len(legend) / across)
    each = wanted.width / columns * (0.62 if columns == 1 else 0.85)
    drawing.set_size_inches(wanted.width, rows * each + 0.17 * lines + 0.35)
    for spot, axis in enumerate(axes.flat):
        if spot >= len(sheets):
            axis.set_visible(False)
            continue
        draw(axis, sheets[spot], styles)
        if len(sheets) > 1:
            axis.set_title(printable(sheets[spot].label), loc="left")
        if spot + columns >= len(sheets):
            axis.set_xlabel(x)
            axis.tick_params(labelbottom=True)
        if spot % columns == 0:
            axis.set_ylabel(y)
    handles = [_handle(name, look) for name, look in legend]
    drawing.legend(handles=handles, loc="outside upper center", ncols=across, frameon=False)


def _handle(name: str, look: Look) -> Any:
    from matplotlib.lines import Line2D

    # a label that begins with an underscore is not shown in a legend
    label = printable(f"\u200a{name}" if name.startswith("_") else name)
    line = Line2D([], [], color=look.colour, marker=look.marker[1], label=label)
    line.set_linestyle(look.dash[1])  # type: ignore[arg-type]
    return line


def accuracy(drawing: Any, study: StudyData, shown: Shown, wanted: Wanted) -> None:
    """Top-1 against q, mean over seeds with its 95% interval."""

    def draw(axis: Any, sheet: Sheet, styles: dict[str, Look]) -> None:
        names = [name for name in styles if name in sheet.panel.schemes]
        for number, name in enumerate(names):
            shift = (number - (len(names) - 1) / 2) * min(0.05, 0.4 / len(names))
            found = [(q, mean) for q in sheet.panel.q if (mean := _top1(sheet.panel, name, q))]
            look = styles[name]
            axis.errorbar(
                [q + shift for q, _ in found],
                [100 * mean.value for _, mean in found],
                yerr=[100 * (mean.half_width or 0.0) for _, mean in found],
                color=look.colour,
                marker=look.marker[1],
                linestyle=look.dash[1],
                elinewidth=0.7,
                capsize=1.5,
            )
        _whole(axis, sheet.panel.q)
        axis.set_ylim(-3, 103)

    _parts(drawing, shown, wanted, draw, "Byzantine workers q", "top-1 %")


def distortion(drawing: Any, study: StudyData, shown: Shown, wanted: Wanted) -> None:
    """The distortion fraction against q: markers for what was measured, dashed lines for what was published."""

    def draw(axis: Any, sheet: Sheet, styles: dict[str, Look]) -> None:
        for name in (name for name in styles if name in sheet.panel.schemes):
            entries = [(q, sheet.panel.entries[name, q]) for q in sheet.panel.q if (name, q) in sheet.panel.entries]
            measured = [(q, entry.measured) for q, entry in entries if entry.measured is not None]
            theory = [(q, entry.theory) for q, entry in entries]
            axis.plot(*zip(*theory, strict=True), color=styles[name].colour, linestyle="--", linewidth=0.9)
            if measured:
                look = styles[name]
                axis.plot(*zip(*measured, strict=True), color=look.colour, marker=look.marker[1], linestyle="")
        _whole(axis, sheet.panel.q)

    _parts(drawing, shown, wanted, draw, "Byzantine workers q", "distortion fraction ε", _KEY)


def curves(drawing: Any, study: StudyData, shown: Shown, wanted: Wanted) -> None:
    """Top-1 on test data by step where the runs were scored on the way, else the training loss; one line a seed."""
    sheets, styles = shown
    q = _one_q(sheets, wanted)
    runs = {
        (spot, name): [timeline for index in sheet.indices.get((name, q), ()) if (timeline := study.timeline(index))]
        for spot, sheet in enumerate(sheets)
        for name in styles
    }
    found = [run for members in runs.values() for run in members]
    if not found:
        raise InputError(
            f"no curves are kept of the cells with q={q}; a CSV file has none, a study's folder those of its cells"
        )
    scored = any(top1 is not None for run in found for _, top1, _ in run.curve)

    def draw(axis: Any, sheet: Sheet, styles: dict[str, Look]) -> None:
        for name, look in styles.items():
            for run in runs[sheets.index(sheet), name]:
                if scored:
                    steps = [step for step, top1, _ in run.curve if top1 is not None]
                    values = [100 * top1 for _, top1, _ in run.curve if top1 is not None]
                else:
                    steps, values = binned(run.loss)
                every = max(1, len(steps) // 5)
                drawn = {"color": look.colour, "linestyle": look.dash[1], "marker": look.marker[1]}
                axis.plot(steps, values, **drawn, markevery=every, markersize=2.8, linewidth=0.8, alpha=0.85)
        if scored:
            axis.set_ylim(-3, 103)
        else:
            axis.set_yscale("log")

    _parts(drawing, shown, wanted, draw, f"step (q={q})", "top-1 %" if scored else "training loss")


def heatmap(drawing: Any, study: StudyData, shown: Shown, wanted: Wanted) -> None:
    """Top-1 by scheme and adversary at one q, or by q if there is one adversary; each scheme's worst case is framed."""
    from matplotlib.patches import Rectangle

    sheets, styles = shown
    if len(sheets) > 1:
        q = _one_q(sheets, wanted)
        columns = [(sheet.label, sheet.panel, q) for sheet in sheets]
        below = f"at q={q}"
    else:
        columns = [(str(q), sheets[0].panel, q) for q in sheets[0].panel.q]
        below = "Byzantine workers q"
    names = [name for name in styles if any(name in panel.schemes for _, panel, _ in columns)]
    means = [[_top1(panel, name, q) for _, panel, q in columns] for name in names]
    values = [[math.nan if mean is None else 100 * mean.value for mean in row] for row in means]
    long = max(len(label) for label, *_ in columns) > 4
    drawing.set_size_inches(wanted.width, 0.28 * len(names) + (1.5 if long else 0.6))
    axis = drawing.subplots()
    axis.grid(visible=False)
    image = axis.imshow(values, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    digits = 1 if len(columns) <= 2.4 * wanted.width else 0
    for row, line in enumerate(values):
        shown_as = [None if value != value else round(value, digits) for value in line]
        least = min((value for value in shown_as if value is not None), default=None)
        for column, value in enumerate(line):
            if value == value:
                light = "#ffffff" if value < 55 else "#000000"
                axis.text(column, row, f"{value:.{digits}f}", ha="center", va="center", color=light, fontsize=6.5)
            if shown_as[column] is not None and shown_as[column] == least and len({*shown_as} - {None}) > 1:
                spot = (column - 0.46, row - 0.44)
                axis.add_patch(Rectangle(spot, 0.92, 0.88, fill=False, edgecolor="#d55e00", linewidth=1.4))
    turned = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if long else {}
    axis.set_xticks(range(len(columns)), [printable(label) for label, *_ in columns], **turned)
    axis.set_yticks(range(len(names)), list(map(printable, names)))
    axis.set_xlabel(below)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    drawing.colorbar(image, ax=axis, label="top-1 %", pad=0.02, aspect=25).outline.set_visible(False)


FIGURES: dict[str, Callable[[Any, StudyData, Shown, Wanted], None]] = {
    "accuracy": accuracy,
    "distortion": distortion,
    "curves": curves,
    "heatmap": heatmap,
}


def _top1(panel: Panel, scheme: str, q: int) -> Any:
    entry = panel.entries.get((scheme, q))
    return entry.top1 if entry else None


def _whole(axis: Any, q: Sequence[int]) -> None:
    if len(q) <= 15:
        axis.set_xticks(q)
    axis.set_xlim(q[0] - 0.4, q[-1] + 0.4)


def _one_q(sheets: Sequence[Sheet], wanted: Wanted) -> int:
    known = sorted({q for sheet in sheets for q in sheet.panel.q})
    if wanted.q is None:
        return known[-1]
    if wanted.q not in known:
        raise InputError(f"no cell with q={wanted.q}; the study has {', '.join(map(str, known))}")
    return wanted.q
