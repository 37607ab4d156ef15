"""The battery beside a full grid, as Markdown: ``python -m benchmarks.attack_grid_table ROWS.csv``.

The rows are those that ``python -m benchmarks.attack_grid`` prints.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.leaderboard_table import read

HEADINGS = (
    "defence",
    "grid",
    "its worst attack",
    "battery",
    "its worst attack",
    "runs",
    "of the grid",
    "of what differs",
)


def lines(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """The table: what the worst cell of the grid and the battery's finding leave, and its share of the work."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|:---|---:|:---|---:|:---|---:|---:|---:|"
    for row in rows:
        shown = (
            f"`{row['scheme']}`", f"{100 * float(row['grid_top1']):.1f}", row["grid_attack"],
            f"{100 * float(row['battery_top1']):.1f}", row["battery_attack"], row["battery_runs"],
            f"{float(row['share_of_grid']):.0%}", f"{float(row['share_of_different']):.0%}",
        )  # fmt: skip
        yield f"| {' | '.join(shown)} |"


if __name__ == "__main__":
    print("\n".join(lines(read(Path(sys.argv[1])))))
