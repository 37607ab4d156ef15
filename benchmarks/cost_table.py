"""What does accuracy cost?

``python -m benchmarks.cost_table RUNS.csv`` prints the table of ``docs/cost.md`` as Markdown, from the rows of
``aspis-sim reproduce cost --out RUNS.csv``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from aspis_sim.report.drawings import front
from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv
from benchmarks.silent_table import worst

Found = tuple[float, Row]
"""The lowest of the payloads' mean top-1 in percent, and one of the rows."""


def found(rows: Sequence[Row]) -> dict[tuple[str, int], Found]:
    """(scheme, silent workers) -> accuracy and a row, by modelled time."""
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.scheme, row.silent].append(row)
    each = {name: (worst(members), members[0]) for name, members in groups.items()}
    return dict(sorted(each.items(), key=lambda one: one[1][1].seconds_modelled))


def best(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """Those of which no other takes at most as long and is at least as accurate."""
    each = found(rows)
    on_it = front((row.seconds_modelled, top1) for top1, row in each.values())
    return [name for name, (top1, row) in each.items() if (row.seconds_modelled, top1) in on_it]


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table: a line a scheme and number of workers waited for, by modelled time, those on the front in bold."""
    yield "| scheme | waits for | modelled seconds | sent by workers | sample gradients | top-1 % |"
    yield "|:---|:---|:---|:---|:---|:---|"
    for name, (top1, row) in found(rows).items():
        shown = f"**{top1:.1f}**" if name in best(rows) else f"{top1:.1f}"
        yield (
            f"| `{row.scheme}` | {row.workers - row.silent} of {row.workers} | {row.seconds_modelled:.2f} "
            f"| {row.bytes_sent / 1e9:.2f} GB | {row.samples_processed / 1e6:.2f} million | {shown} |"
        )


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
