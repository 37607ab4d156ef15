"""The figures of a report, each a function that draws what is wanted of a study."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aspis_sim.analysis.summary import Mean
from aspis_sim.analysis.tables import Table
from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim.report.axes import Shown, Wanted, parts, say_overrides
from aspis_sim.report.source import Source
from aspis_sim.report.style import Look
from aspis_sim.report.timelines import binned

_KEY = (
    ("measured", Look("#444444", ("circle", "o"), ("none", ""))),
    ("published", Look("#444444", ("none", ""), ("dash", "--"))),
)


COSTS = {
    "samples_processed": ("sample gradients of all workers", "it is known of runs that have ended"),
    "server_computed": ("sample gradients of the server", "take cells with `audits`"),
    "bytes_sent": ("bytes sent by workers", "it is known of runs that have ended"),
    "seconds_modelled": ("modelled seconds", "take cells with a `cluster`"),
    "seconds": ("seconds of the simulation", "it is known of runs that have ended"),
}
"""Columns that say what a run costs -> what stands under the axis, and what it takes to have a value there."""

_FRONT = (("Pareto front", Look("#999999", ("none", ""), ("dash", "--"))),)


def accuracy(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 against q or another setting: mean over seeds with its 95% interval, or their range where they are few."""
    numbers = _all_q(shown)

    def draw(axis: Any, table: Table, styles: dict[str, Look]) -> None:
        names = [name for name in styles if name in table.schemes]
        for number, name in enumerate(names):
            shift = (number - (len(names) - 1) / 2) * min(0.05, 0.4 / len(names))
            found = [(q, mean) for q in table.q if (mean := _top1(table, name, q))]
            look = styles[name]
            axis.errorbar(
                [q + shift for q, _ in found],
                [100 * mean.value for _, mean in found],
                yerr=[[100 * mean.ends[side] for _, mean in found] for side in (0, 1)],
                color=look.colour,
                marker=look.marker[1],
                linestyle=look.dash[1],
                elinewidth=0.7,
                capsize=1.5,
            )
        _ticks(axis, numbers, wanted.values)
        axis.set_ylim(-3, 103)

    parts(drawing, shown, wanted, draw, wanted.below, "top-1 %")


def distortion(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """The distortion fraction against q or another setting: markers for measured ones, dashes for published ones."""
    numbers = _all_q(shown)

    def draw(axis: Any, table: Table, styles: dict[str, Look]) -> None:
        for name in (name for name in styles if name in table.schemes):
            entries = [(q, table.entries[name, q]) for q in table.q if (name, q) in table.entries]
            measured = [(q, entry.measured) for q, entry in entries if entry.measured is not None]
            published = [(q, entry.theory) for q, entry in entries if entry.theory is not None]
            if published:
                axis.plot(*zip(*published, strict=True), color=styles[name].colour, linestyle="--", linewidth=0.9)
            if measured:
                look = styles[name]
                axis.plot(*zip(*measured, strict=True), color=look.colour, marker=look.marker[1], linestyle="")
        _ticks(axis, numbers, wanted.values)

    parts(drawing, shown, wanted, draw, wanted.below, "distortion fraction ε", _KEY)


def curves(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 on test data by step where the runs were scored on the way, else the training loss; one line a seed."""
    tables, styles = shown
    q = _one_q(tables, wanted)
    runs = {
        (spot, name): [timeline for index in table.indices.get((name, q), ()) if (timeline := study.timeline(index))]
        for spot, table in enumerate(tables)
        for name in styles
    }
    found = [run for members in runs.values() for run in members]
    if not found:
        raise InputError(
            f"no curves are kept of the cells with q={q}; a CSV file has none, a study's folder those of its cells"
        )
    scored = any(top1 is not None for run in found for _, top1, _ in run.curve)

    def draw(axis: Any, table: Table, styles: dict[str, Look]) -> None:
        for name, look in styles.items():
            for run in runs[tables.index(table), name]:
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

    parts(drawing, shown, wanted, draw, f"step (q={q})", "top-1 %" if scored else "training loss")


def cost(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 against what a run costs, at one q: means over seeds, and the front of schemes that none beats at both."""
    tables, _ = shown
    q, column = _one_q(tables, wanted), "samples_processed" if wanted.x == "q" else wanted.x
    if not any(_prices(table, q, column) for table in tables):
        raise InputError(f"no cell with q={q} has a value for {column}; {COSTS[column][1]}")

    def draw(axis: Any, table: Table, styles: dict[str, Look]) -> None:
        found = {name: one for name, one in _prices(table, q, column).items() if name in styles}
        axis.step(
            *zip(*front(found.values()), strict=True),
            where="post",
            color="#999999",
            linewidth=0.9,
            linestyle="--",
            zorder=1,
        )
        for name, (price, top1) in found.items():
            axis.plot([price], [top1], color=styles[name].colour, marker=styles[name].marker[1], linestyle="")
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter(lambda value, _: _short(value))
        axis.xaxis.set_minor_formatter("")
        axis.set_ylim(-3, 103)

    parts(drawing, shown, wanted, draw, f"{COSTS[column][0]} (q={q})", "top-1 %", _FRONT)


def heatmap(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 by scheme and adversary at one q, or by q if there is one adversary; each scheme's worst case is framed."""
    from matplotlib.patches import Rectangle

    tables, styles = shown
    if len(tables) > 1:
        q = _one_q(tables, wanted)
        columns = [(table.label, table, q) for table in tables]
        below = f"at q={q}"
    else:
        columns = [(str(q), tables[0], q) for q in tables[0].q]
        below = "Byzantine workers q"
    names = [name for name in styles if any(name in table.schemes for _, table, _ in columns)]
    means = [[_top1(table, name, q) for _, table, q in columns] for name in names]
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
    say_overrides(drawing, tables, wanted)
    drawing.colorbar(image, ax=axis, label="top-1 %", pad=0.02, aspect=25).outline.set_visible(False)


FIGURES: dict[str, Callable[[Any, Source, Shown, Wanted], None]] = {
    "accuracy": accuracy,
    "distortion": distortion,
    "curves": curves,
    "heatmap": heatmap,
    "cost": cost,
}


def _all_q(shown: Shown) -> list[int]:
    """Of all tables, whose axes are shared."""
    return sorted({q for table in shown[0] for q in table.q})


def _top1(table: Table, scheme: str, q: int) -> Mean | None:
    entry = table.entries.get((scheme, q))
    return entry.top1 if entry else None


def _short(value: float) -> str:
    """A power of ten, with k, M, G or T from a thousand on."""
    thousands = min(max(0, math.floor(math.log10(value) / 3 + 1e-9)), 4)
    return f"{value / 1000**thousands:g}{' kMGT'[thousands].strip()}"


def _prices(table: Table, q: int, column: str) -> dict[str, tuple[float, float]]:
    """Scheme -> its cost and its top-1 in percent, means over seeds, where both are known."""
    found = {}
    for name in table.schemes:
        entry = table.entries.get((name, q))
        price, top1 = (entry.mean(column), entry.top1) if entry else (None, None)
        if price is not None and price > 0 and top1 is not None:
            found[name] = price, 100 * top1.value
    return found


def front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those points, by rising cost, of which no other costs at most as much and is at least as accurate (Pareto)."""
    found: list[tuple[float, float]] = []
    for price, top1 in sorted(points, key=lambda point: (point[0], -point[1])):
        if not found or top1 > found[-1][1]:
            found.append((price, top1))
    return found


def _ticks(axis: Any, numbers: Sequence[int], values: Sequence[str]) -> None:
    if values:
        turned = {"rotation": 25, "ha": "right", "rotation_mode": "anchor"} if max(map(len, values)) > 6 else {}
        axis.set_xticks(range(len(values)), list(map(printable, values)), **turned)
    elif len(numbers) <= 15:
        axis.set_xticks(numbers)
    axis.set_xlim(*((-0.4, len(values) - 0.6) if values else (numbers[0] - 0.4, numbers[-1] + 0.4)))


def _one_q(tables: Sequence[Table], wanted: Wanted) -> int:
    known = sorted({q for table in tables for q in table.q})
    if wanted.q is None:
        return known[-1]
    if wanted.q not in known:
        raise InputError(f"no cell with q={wanted.q}; the study has {', '.join(map(str, known))}")
    return wanted.q
