"""Schemes in the order of their worst accuracy: a row per q, with what the tests show."""

from collections.abc import Iterable, Iterator

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.analysis.headline import Worst
from aspis_sim.analysis.ranking import legend, order_at, ranked


def ranking_view(worst: Worst, width: int) -> RenderableType:
    """The order of the schemes at each q under the worst of their adversaries."""
    ranks = ranked(worst)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("q", justify="right", no_wrap=True)
    table.add_column("from the most accurate scheme to the least, top-1 %")
    for q in worst.q:
        if order := order_at(ranks, q):
            table.add_row(str(q), Text("\n".join(_lines(order, width - 6))))
    title = f"ranking by the {worst.title}" if worst.count > 1 else f"ranking under {worst.table.title}"
    return Group(Text.assemble((title, "bold")), table, Text(legend(ranks)), *map(Text, said_of(worst)))


def _lines(parts: Iterable[str], width: int) -> Iterator[str]:
    """Parts filled into lines that break between them alone."""
    line = ""
    for part in parts:
        if line and cell_len(line) + 1 + cell_len(part) > width:
            yield line
            line = ""
        line = f"{line} {part}".lstrip()
    yield line


def said_of(worst: Worst) -> Iterator[str]:
    """Which schemes met fewer adversaries than others."""
    if fewer := worst.fewer:
        each = ", ".join(f"{scheme} against {count} of {worst.count}" for scheme, count in fewer)
        yield f"! Not all ran against all: {each}; their worst case says less."
