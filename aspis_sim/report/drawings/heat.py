"""Top-1 by scheme and adversary as a heat map, with each scheme's worst case framed and repeated at the end."""

import math
from collections.abc import Sequence
from typing import Any

from aspis_sim.analysis.tables import Table
from aspis_sim.printable import printable
from aspis_sim.report.axes import Panel, Shown, Wanted, one_q, say_overrides, shortened
from aspis_sim.report.source import Source

FRAME = "#d55e00"
ROW, CHARACTER = 0.28, 0.062
"""Inches: the height of a row, and the width of a character of a label."""


def heatmap(drawing: Any, study: Source, shown: Shown, wanted: Wanted) -> None:
    """Top-1 by scheme and adversary at one q, or by q if there is one adversary; each scheme's worst case is framed."""
    from matplotlib.patches import Patch, Rectangle

    tables, styles = shown
    q = one_q(tables, wanted.only_q)
    if len(tables) > 1:
        columns = [(Panel.of(table), q) for table in tables]
        labels, shared = _but_shared(tables)
        below, worst_of = f"at q={q}{shared}", "adversary"
    else:
        columns = [(Panel.of(tables[0]), level) for level in tables[0].q]
        labels, below, worst_of = [[str(level)] for level in tables[0].q], "Byzantine workers q", "q"
    names = [name for name in styles if any(name in panel.schemes for panel, _ in columns)]
    means = [[panel.top1(name, level) for panel, level in columns] for name in names]
    values = [[math.nan if mean is None else 100 * mean.value for mean in row] for row in means]
    several = len(columns) > 1
    if several:
        values = [[*row, min((value for value in row if value == value), default=math.nan)] for row in values]
        labels = [*labels, ["worst"]]
    rows = shortened(names, max(10, int(0.36 * wanted.width / CHARACTER)))
    each = (wanted.width - CHARACTER * max(map(len, rows)) - 0.9) / len(labels)
    upright = [shortened([one[line] if line < len(one) else "" for one in labels], 24)
               for line in range(max(map(len, labels)))]  # fmt: skip
    fits = all(CHARACTER * len(text) <= each for line in upright for text in line)
    ticks = ["\n".join(map(printable, filter(None, lines))) for lines in zip(*upright, strict=True)]
    turned = {} if fits else {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    if not fits:
        ticks = list(map(printable, shortened([", ".join(one) for one in labels], 24)))
    bottom = 0.14 * len(upright) if fits else 0.72 * CHARACTER * max(map(len, ticks))
    drawing.set_size_inches(wanted.width, ROW * len(names) + bottom + 0.65)
    axis = drawing.subplots()
    axis.grid(visible=False)
    image = axis.imshow(values, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    digits = 1 if each >= 0.3 else 0
    framed = False
    for row, line in enumerate(values):
        shown_as = [None if value != value else round(value, digits) for value in line[: len(columns)]]
        least = min((value for value in shown_as if value is not None), default=None)
        for column, value in enumerate(line):
            if value == value:
                light = "#ffffff" if value < 55 else "#000000"
                axis.text(column, row, f"{value:.{digits}f}", ha="center", va="center", color=light, fontsize=6.5)
        for column, rounded in enumerate(shown_as):
            if rounded is not None and rounded == least and len({*shown_as} - {None}) > 1:
                spot, framed = (column - 0.46, row - 0.44), True
                axis.add_patch(Rectangle(spot, 0.92, 0.88, fill=False, edgecolor=FRAME, linewidth=1.4))
    if several:
        axis.axvline(len(columns) - 0.5, color="white", linewidth=4)
    axis.set_xticks(range(len(labels)), ticks, **turned)
    axis.set_yticks(range(len(names)), list(map(printable, rows)))
    axis.set_xlabel(below)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    if framed:
        key = Patch(fill=False, edgecolor=FRAME, linewidth=1.4, label=f"worst {worst_of} of each scheme")
        drawing.legend(handles=[key], loc="outside upper center", frameon=False)
    say_overrides(drawing, tables, wanted)
    drawing.colorbar(image, ax=axis, label="top-1 %", pad=0.02, aspect=25).outline.set_visible(False)


def _but_shared(tables: Sequence[Table]) -> tuple[list[list[str]], str]:
    """The lines of each table's label without those that all have, and these as a text."""
    whole = [[table.attack, table.payload, *table.overrides] for table in tables]
    shared = [one for one in whole[0] if all(one in lines for lines in whole)]
    labels = [[one for one in lines if one not in shared] for lines in whole]
    return labels, "".join(f", {one}" for one in shared)
