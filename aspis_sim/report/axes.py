"""How a figure is laid out: a set of axes for each panel on shared scales, and one legend."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from aspis_sim.analysis.headline import Worst
from aspis_sim.analysis.summary import Entry, Mean
from aspis_sim.analysis.tables import Table
from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim.report.style import Look

COLUMN = 3.4
"""Inches: the width of a column in most two-column papers."""


@dataclass(frozen=True)
class Wanted:
    """What of a study is drawn.

    Attributes:
        schemes, attacks, payloads: labels; empty for all.
        q: of curves, a panel each; of figures at one q that one; empty for the largest.
        width: of the figure, in inches.
        x: setting on the horizontal axis of accuracy and distortion; of others than q the figure is at one q.
        values: what is written along it, in the place of 0, 1, ...; empty for whole numbers.
    """

    schemes: tuple[str, ...] = ()
    attacks: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    q: tuple[int, ...] = ()
    width: float = COLUMN
    x: str = "q"
    values: tuple[str, ...] = ()

    @property
    def below(self) -> str:
        """What stands under the horizontal axis."""
        return "Byzantine workers q" if self.x == "q" else f"{self.x} (q={', '.join(map(str, self.q))})"

    @property
    def only_q(self) -> int | None:
        """The q of a figure at one q, None for the largest.

        Raises:
            InputError: several are asked for.
        """
        if len(self.q) > 1:
            raise InputError(f"this figure is at one q, not at {', '.join(map(str, self.q))}; curves take several")
        return self.q[0] if self.q else None


Entries = Mapping[tuple[str, int], Entry]


@dataclass(frozen=True)
class Panel:
    """What one set of axes shows.

    Attributes:
        title: over it, where there are several.
        entries: (scheme, q) -> entry.
        q: at which it is, for a panel at one q.
        table: whose runs these are; None where they are of several.
    """

    title: str
    entries: Entries
    q: int = 0
    table: Table | None = None

    @property
    def schemes(self) -> set[str]:
        """Those that it has."""
        return {scheme for scheme, _ in self.entries}

    @property
    def levels(self) -> list[int]:
        """Its q, ascending."""
        return sorted({q for _, q in self.entries})

    def top1(self, scheme: str, q: int) -> Mean | None:
        """Top-1 of a scheme at a q, None without."""
        entry = self.entries.get((scheme, q))
        return entry.top1 if entry else None

    @classmethod
    def of(cls, table: Table) -> "Panel":
        """A table's."""
        return cls(table.label, table.entries, table=table)

    @classmethod
    def worst(cls, worst: Worst) -> "Panel":
        """The worst case over several tables."""
        return cls(f"worst of {worst.over}", {key: entry for key, (_, entry) in worst.entries.items()})


class Key(NamedTuple):
    """An entry of a legend.

    Attributes:
        name: what it says.
        look: of its line and marker.
        band: whether it is an area.
    """

    name: str
    look: Look
    band: bool = False


Shown = tuple[tuple[Table, ...], dict[str, Look]]
Draw = Callable[[Any, Panel], None]


def keys_of(panels: Sequence[Panel], styles: Mapping[str, Look], *, markers_only: bool = False) -> list[Key]:
    """An entry for each scheme that the panels have."""
    used = set().union(*(panel.schemes for panel in panels))
    looks = {name: replace(look, dash=("none", "")) if markers_only else look for name, look in styles.items()}
    return [Key(name, look) for name, look in looks.items() if name in used]


def parts(
    drawing: Any,
    panels: Sequence[Panel],
    tables: Sequence[Table],
    wanted: Wanted,
    draw: Draw,
    labels: tuple[str, str],
    legend: Sequence[Key],
) -> None:
    """One set of axes for each panel on shared scales, and one legend; what all tables have in common stands below."""
    rows = math.ceil(len(panels) / max(1, round(wanted.width / 1.7)))
    columns = math.ceil(len(panels) / rows)
    axes = drawing.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    across = max(1, int(wanted.width * 13 // max(len(key.name) + 5 for key in legend)))
    lines = math.ceil(len(legend) / across)
    wide = wanted.width / columns
    each = wide * 0.62 if columns == 1 else min(0.85 * wide, max(0.55 * wide, 1.9))
    room = max(8, int(15.5 * wide) - 4)
    titles = shortened([panel.title for panel in panels], room)
    below = textwrap.wrap(labels[0], room) or [""]
    drawing.set_size_inches(wanted.width, rows * each + 0.17 * lines + 0.35 + 0.13 * (len(below) - 1))
    for spot, axis in enumerate(axes.flat):
        if spot >= len(panels):
            axis.set_visible(False)
            continue
        draw(axis, panels[spot])
        if len(panels) > 1:
            axis.set_title(printable(titles[spot]), loc="left")
        if spot + columns >= len(panels):
            axis.set_xlabel("\n".join(below))
            axis.tick_params(labelbottom=True)
        if spot % columns == 0:
            axis.set_ylabel(labels[1])
    drawing.legend(handles=list(map(handle, legend)), loc="outside upper center", ncols=across, frameon=False)
    say_overrides(drawing, tables, wanted)


def shortened(labels: Sequence[str], most: int) -> list[str]:
    """Labels of at most so many characters, as different from each other as they were.

    What is too long loses its end, or its middle where two would then be the same; if even that does not tell them
    apart, they have a number.
    """
    ways: list[Callable[[str], str]] = [
        lambda text: f"{text[: most - 1]}…",
        lambda text: f"{text[: most // 2 - 1]}…{text[-(most - most // 2) :]}",
    ]
    for way in ways:
        found = [text if len(text) <= most else way(text) for text in labels]
        if len(set(found)) == len(set(labels)):
            return found
    numbers = {text: place for place, text in enumerate(dict.fromkeys(labels), 1)}
    return [text if len(text) <= most else f"{text[: most - 5]}… {numbers[text]}" for text in labels]


def say_overrides(drawing: Any, tables: Sequence[Table], wanted: Wanted) -> None:
    """Name under the figure what all of it has otherwise than by default."""
    shared = set.intersection(*({*table.context.overrides, *table.common} for table in tables))
    told = [one for one in (*tables[0].context.overrides, *tables[0].common) if one in shared]
    if told:
        width, height = drawing.get_size_inches()
        lines = textwrap.wrap(printable(", ".join(told)), max(20, int(17 * wanted.width)))
        drawing.set_size_inches(width, height + 0.13 * len(lines))
        drawing.supxlabel("\n".join(lines), fontsize=6.5, color="#555555")


def handle(key: Key) -> Any:
    """A legend's entry as matplotlib has it."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    # a label that begins with an underscore is not shown in a legend
    label = printable(f"\u200a{key.name}" if key.name.startswith("_") else key.name)
    if key.band:
        return Patch(facecolor=key.look.colour, alpha=BAND, label=label)
    line = Line2D([], [], color=key.look.colour, marker=key.look.marker[1], label=label)
    line.set_linestyle(key.look.dash[1])  # type: ignore[arg-type]
    return line


BAND = 0.18
"""How opaque a band is."""


def whole_ticks(axis: Any, numbers: Sequence[int], values: Sequence[str]) -> None:
    """Ticks at whole numbers, or at the values that stand in their place."""
    if values:
        turned = {"rotation": 25, "ha": "right", "rotation_mode": "anchor"} if max(map(len, values)) > 6 else {}
        axis.set_xticks(range(len(values)), list(map(printable, values)), **turned)
    elif len(numbers) <= 15:
        axis.set_xticks(numbers)
    axis.set_xlim(*((-0.4, len(values) - 0.6) if values else (numbers[0] - 0.4, numbers[-1] + 0.4)))


def one_q(tables: Sequence[Table], q: int | None) -> int:
    """The q that is wanted, the largest if none is.

    Raises:
        InputError: no table has it.
    """
    known = sorted({q for table in tables for q in table.q})
    if q is None:
        return known[-1]
    if q not in known:
        raise InputError(f"no cell with q={q}; the study has {', '.join(map(str, known))}")
    return q
