"""How a figure is laid out: a set of axes for each adversary on shared scales, and one legend."""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aspis_sim.analysis.tables import Table
from aspis_sim.printable import printable
from aspis_sim.report.style import Look

COLUMN = 3.4
"""Inches: the width of a column in most two-column papers."""


@dataclass(frozen=True)
class Wanted:
    """What of a study is drawn.

    Attributes:
        schemes, attacks, payloads: labels; empty for all.
        q: for figures at one q; None for the largest.
        width: of the figure, in inches.
        x: setting on the horizontal axis of accuracy and distortion; of others than q the figure is at one q.
        values: what is written along it, in the place of 0, 1, ...; empty for whole numbers.
    """

    schemes: tuple[str, ...] = ()
    attacks: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    q: int | None = None
    width: float = COLUMN
    x: str = "q"
    values: tuple[str, ...] = ()

    @property
    def below(self) -> str:
        """What stands under the horizontal axis."""
        return "Byzantine workers q" if self.x == "q" else f"{self.x} (q={self.q})"


Shown = tuple[tuple[Table, ...], dict[str, Look]]
Draw = Callable[[Any, Table, dict[str, Look]], None]


def parts(
    drawing: Any, shown: Shown, wanted: Wanted, draw: Draw, x: str, y: str, extra: Sequence[tuple[str, Look]] = ()
) -> None:
    """One set of axes for each table on shared scales, and one legend, with ``extra`` entries at its end."""
    tables, styles = shown
    columns = min(len(tables), max(1, round(wanted.width / 1.7))) if len(tables) > 1 else 1
    rows = math.ceil(len(tables) / columns)
    axes = drawing.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    used = [name for name in styles if any(name in table.schemes for table in tables)]
    legend = [(name, styles[name]) for name in used] + list(extra)
    across = max(1, int(wanted.width * 13 // max(len(name) + 5 for name, _ in legend)))
    lines = math.ceil(len(legend) / across)
    each = wanted.width / columns * (0.62 if columns == 1 else 0.85)
    drawing.set_size_inches(wanted.width, rows * each + 0.17 * lines + 0.35)
    for spot, axis in enumerate(axes.flat):
        if spot >= len(tables):
            axis.set_visible(False)
            continue
        draw(axis, tables[spot], styles)
        if len(tables) > 1:
            axis.set_title(printable(tables[spot].label), loc="left")
        if spot + columns >= len(tables):
            axis.set_xlabel(x)
            axis.tick_params(labelbottom=True)
        if spot % columns == 0:
            axis.set_ylabel(y)
    handles = [_handle(name, look) for name, look in legend]
    drawing.legend(handles=handles, loc="outside upper center", ncols=across, frameon=False)
    say_overrides(drawing, tables, wanted)


def say_overrides(drawing: Any, tables: Sequence[Table], wanted: Wanted) -> None:
    """Name under the figure what all of it has otherwise than by default."""
    shared = set.intersection(*({*table.context.overrides, *table.common} for table in tables))
    told = [one for one in (*tables[0].context.overrides, *tables[0].common) if one in shared]
    if told:
        width, height = drawing.get_size_inches()
        lines = textwrap.wrap(printable(", ".join(told)), max(20, int(17 * wanted.width)))
        drawing.set_size_inches(width, height + 0.13 * len(lines))
        drawing.supxlabel("\n".join(lines), fontsize=6.5, color="#555555")


def _handle(name: str, look: Look) -> Any:
    from matplotlib.lines import Line2D

    # a label that begins with an underscore is not shown in a legend
    label = printable(f"\u200a{name}" if name.startswith("_") else name)
    line = Line2D([], [], color=look.colour, marker=look.marker[1], label=label)
    line.set_linestyle(look.dash[1])  # type: ignore[arg-type]
    return line
