"""Who falls for a backdoor?

``python -m benchmarks.backdoor_table RUNS.csv`` prints a table of ``docs/backdoor.md`` as Markdown, from the rows of
``aspis-sim reproduce backdoor --out RUNS.csv``, or of ``backdoor-fashion``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv
from benchmarks.heterogeneity_table import name_of


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table: for each scheme or rule, and each number of liars and strength, success and top-1 of `outcome`."""
    groups: dict[str, dict[tuple[int, float], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[name_of(row)][row.q, row.strength].append(row)
    columns = sorted({(row.q, row.strength) for row in rows})
    heads = [f"q={q}" + (f", × {strength:g}" if strength != 1 else "") for q, strength in columns]
    yield f"| | {' | '.join(heads)} |"
    yield f"|:---|{'---:|' * len(heads)}"
    for name, of in groups.items():
        yield f"| `{name}` | {' | '.join(_cell(of[column]) for column in columns)} |"


def outcome(rows: Sequence[Row]) -> tuple[float, float]:
    """Mean success of the backdoor and mean top-1 on clean images, in percent."""
    return fmean(100 * row.backdoor_success for row in rows), fmean(100 * row.top1 for row in rows)


def _cell(rows: Sequence[Row]) -> str:
    return "{:.1f} ({:.1f})".format(*outcome(rows))


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
