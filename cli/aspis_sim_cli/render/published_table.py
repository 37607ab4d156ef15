"""Published numbers with ours beside them: a block a table, agreement marked by a sign, errata with reasons."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.distortion.published import Cell
from aspis_sim.distortion.table import Reduction

AGREES = "✓"
DIFFERS = "✗"
LETTERS = "abcdefgh"
"""Of the errata's reasons, in the order of print."""
WIDE = 120
"""Columns from which two blocks of four schemes fit side by side."""


def published_view(cells: Sequence[Cell], width: int) -> RenderableType:
    """All blocks, a legend, the counts and the errata.

    Args:
        cells: in the order of print; one or more.
        width: from `WIDE` on, blocks stand side by side in pairs.
    """
    reasons = list(dict.fromkeys(cell.erratum for cell in cells if not cell.agrees and cell.erratum))
    fractions = [cell for cell in cells if cell.table == "distortion"]
    counts = [cell for cell in cells if cell.table != "distortion"]
    tables = [
        _table(list(group), lambda cell: cell.scheme, f"{attack}, K={workers}, r={redundancy}", reasons)
        for (attack, workers, redundancy), group in groupby(
            fractions, key=lambda cell: (cell.attack, cell.workers, cell.redundancy)
        )
    ]
    worst = _table(counts, lambda cell: f"{cell.scheme}\nK={cell.workers} r={cell.redundancy}", "", reasons)
    return Group(
        Text("Distortion fractions: ours, published", style="bold"),
        *_side_by_side(tables, 2 if width >= WIDE else 1),
        Text("Distorted files in ByzShield's worst cases: ours, published", style="bold"),
        worst,
        *(Text(line) for line in notes(cells)),
    )


def notes(cells: Sequence[Cell]) -> Iterator[str]:
    """The legend, the counts, and the errata with their reasons."""
    agreeing = sum(cell.agrees for cell in cells)
    errata: dict[str, list[Cell]] = {}
    for cell in cells:
        if not cell.agrees:
            errata.setdefault(cell.erratum, []).append(cell)
    known = sum(len(members) for reason, members in errata.items() if reason)
    yield f"{AGREES} ours rounds to the published number, at its printed precision; {DIFFERS} it does not."
    yield (
        f"{agreeing} of {len(cells)} published cells agree; {known} known errata; "
        f"{len(cells) - agreeing - known} not explained."
    )
    letters = iter(LETTERS)
    for reason, members in errata.items():
        where = ", ".join(
            f"{scheme} K={workers} {attack} q={', '.join(str(cell.q) for cell in group)}"
            for (scheme, workers, attack), group in groupby(
                members, key=lambda cell: (cell.scheme, cell.workers, cell.attack)
            )
        )
        ours = ", ".join(f"{cell.distorted} of {cell.files}" for cell in members)
        lead = f"{DIFFERS}{next(letters)} erratum" if reason else f"{DIFFERS}? disagreement"
        yield f"{lead}, {where}: {reason or 'not explained'}. Ours: {ours} files."


def reduction_line(saved: Reduction) -> str:
    """How much Aspis saves, as the published headline has it."""
    return (
        f"Aspis, strong attack: reduction spans {saved.least:.1%} to {saved.most:.1%} at "
        f"K={saved.workers} (q={saved.least_at[0]} against {saved.least_at[1]}, "
        f"q={saved.most_at[0]} against {saved.most_at[1]})."
    )


def _table(cells: Sequence[Cell], heading: Callable[[Cell], str], title: str, reasons: Sequence[str]) -> Table:
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="italic",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("q", justify="right")
    columns = list(dict.fromkeys(map(heading, cells)))
    for column in columns:
        table.add_column(column, no_wrap=True)
    found = {(heading(cell), cell.q): cell for cell in cells}
    for q in sorted({cell.q for cell in cells}):
        row = [found.get((column, q)) for column in columns]
        table.add_row(str(q), *(Text() if cell is None else _beside(cell, reasons) for cell in row))
    return table


def _beside(cell: Cell, reasons: Sequence[str]) -> Text:
    fraction = cell.table == "distortion"
    both = f"{cell.ours:.4f} {cell.published:<5}" if fraction else f"{cell.distorted:>3} {cell.published:>3}"
    if cell.agrees:
        return Text(f"{both} {AGREES}")
    letter = LETTERS[reasons.index(cell.erratum)] if cell.erratum else "?"
    return Text(f"{both} {DIFFERS}{letter}", style="bold red")


def _side_by_side(tables: Sequence[Table], columns: int) -> Iterator[RenderableType]:
    for start in range(0, len(tables), columns):
        grid = Table.grid(padding=(0, 4))
        row = tables[start : start + columns]
        for _ in row:
            grid.add_column(vertical="top")
        grid.add_row(*row)
        yield grid
