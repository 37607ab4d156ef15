"""Accuracy against what a run costs."""

import math
from collections.abc import Iterable
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.report.axes import Entries, Key, Panel, Shown, Wanted, keys_of, one_q, parts
from aspis_sim.report.drawings.against_q import draw_chance, guess, worst_panel
from aspis_sim.report.source import Source
from aspis_sim.report.style import Look

COSTS = {
    "samples_processed": ("sample gradients of all workers", "it is known of runs that have ended"),
    "server_computed": ("sample gradients of the server", "take cells with `audits`"),
    "bytes_sent": ("bytes sent by workers", "it is known of runs that have ended"),
    "seconds_modelled": ("modelled seconds", "take cells with a `cluster`"),
    "seconds": ("seconds of the simulation", "it is known of runs that have ended"),
}
"""Columns that say what a run costs -> what stands under the axis, and what it takes to have a value there."""

_FRONT = Key("Pareto front", Look("#999999", ("none", ""), ("dash", "--")))


def cost(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 against what a run costs, at one q: means over seeds, and the front of schemes that none beats at both."""
    tables, styles = shown
    q, column = one_q(tables, wanted.only_q), "samples_processed" if wanted.x == "q" else wanted.x
    if not any(_prices(table.entries, q, column) for table in tables):
        raise InputError(f"no cell with q={q} has a value for {column}; {COSTS[column][1]}")

    def draw(axis: Any, panel: Panel) -> None:
        draw_chance(axis, tables)
        found = {name: one for name, one in _prices(panel.entries, q, column).items() if name in styles}
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

    panels = [*worst_panel(tables), *map(Panel.of, tables)]
    legend = [*keys_of(panels, styles, markers_only=True), _FRONT, *guess(tables)]
    parts(drawing, panels, tables, wanted, draw, (f"{COSTS[column][0]} (q={q})", "top-1 %"), legend)


def front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those points, by rising cost, of which no other costs at most as much and is at least as accurate (Pareto)."""
    found: list[tuple[float, float]] = []
    for price, top1 in sorted(points, key=lambda point: (point[0], -point[1])):
        if not found or top1 > found[-1][1]:
            found.append((price, top1))
    return found


def _prices(entries: Entries, q: int, column: str) -> dict[str, tuple[float, float]]:
    """Scheme -> its cost and its top-1 in percent, means over seeds, where both are known."""
    found = {}
    for (name, level), entry in entries.items():
        price, top1 = (entry.mean(column), entry.top1) if level == q else (None, None)
        if price is not None and price > 0 and top1 is not None:
            found[name] = price, 100 * top1.value
    return found


def _short(value: float) -> str:
    """A power of ten, with k, M, G or T from a thousand on."""
    thousands = min(max(0, math.floor(math.log10(value) / 3 + 1e-9)), 4)
    return f"{value / 1000**thousands:g}{' kMGT'[thousands].strip()}"
