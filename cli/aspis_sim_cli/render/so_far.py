"""The accuracies of a sweep while it runs: a small table that fills as runs end."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from aspis_sim.printable import printable
from aspis_sim.run.row import Row
from aspis_sim.spec.cell import BY_COLUMN
from aspis_sim.spec.grid import Replicates

MOST_ROWS = 12
"""Rows of the table; a grid with more values of q has none."""

UNTIL_THEN = "·"
"""Where no run has ended yet."""


class SoFar:
    """Top-1 by scheme and q of the runs that have ended: the mean over the seeds, of several cases the lowest."""

    def __init__(self, groups: Sequence[Replicates]) -> None:
        """Nothing has ended.

        Args:
            groups: that are to run.
        """
        self._schemes = tuple(dict.fromkeys(group.first.scheme for group in groups))
        self._q = sorted({group.first.q for group in groups})
        self._found: defaultdict[tuple[str, int], dict[Hashable, tuple[float, int]]] = defaultdict(dict)
        """(scheme, q) -> case -> the sum over its seeds, and how many they are."""

    def add(self, row: Row) -> None:
        """Take a row; without an accuracy it does not show."""
        if row.top1 is not None:
            alike = tuple(row[name] for name in BY_COLUMN if name != "seed")
            cases = self._found[row.scheme, row.q]
            total, count = cases.get(alike, (0.0, 0))
            cases[alike] = total + row.top1, count + 1

    def table(self, width: int) -> Table | None:
        """The table; None before the first run has ended, or where it would not fit.

        Args:
            width: of the terminal, in characters.
        """
        wide = 3 + sum(max(5, len(scheme)) + 3 for scheme in self._schemes)
        if not self._found or len(self._q) > MOST_ROWS or wide > width:
            return None
        table = Table(box=box.SIMPLE_HEAD, title="top-1 % so far", title_style="dim", title_justify="left")
        table.add_column("q", justify="right")
        for scheme in self._schemes:
            table.add_column(Text(printable(scheme)), justify="right", no_wrap=True)
        for q in self._q:
            table.add_row(str(q), *(self._cell(scheme, q) for scheme in self._schemes))
        return table

    def _cell(self, scheme: str, q: int) -> str:
        found = self._found.get((scheme, q))
        return f"{100 * min(total / count for total, count in found.values()):.1f}" if found else UNTIL_THEN
