"""What does a wrong guess of the number of Byzantine workers cost?

``python -m benchmarks.believed_q_table RUNS.csv`` prints the table of ``docs/believed-q.md`` as Markdown, from the rows
of ``aspis-sim reproduce believed-q --out RUNS.csv``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table: for each scheme and each number that it believes, the worst of attacks and payloads."""
    groups: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if isinstance(row.believed_q, int):
            groups[row.scheme][row.believed_q].append(row)
    believed = sorted({number for by_number in groups.values() for number in by_number})
    yield f"| scheme | {' | '.join(f'q̂={number}' for number in believed)} |"
    yield f"|:---|{':---|' * len(believed)}"
    for scheme, by_number in groups.items():
        yield f"| `{scheme}` | {' | '.join(_worst(by_number.get(number, [])) for number in believed)} |"


def _worst(rows: Sequence[Row]) -> str:
    """Lowest mean top-1 %, the largest ε, and the largest share of honest workers accused; – without a run."""
    if not rows:
        return "–"
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.attack, row.payload].append(row)
    top1 = min(fmean(100 * row.top1 for row in members) for members in groups.values())
    distorted = max(fmean(row.distortion_measured for row in members) for members in groups.values())
    accused = max(row.false_accusation_rate or 0.0 for row in rows)
    blamed = f", {100 * accused:.0f}% accused" if accused else ""
    return f"{top1:.1f}, ε {distorted:.3f}".replace("ε 0.", "ε .") + blamed


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
