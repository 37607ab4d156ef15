"""Does more local work between rounds help or hurt robustness?

``python -m benchmarks.local_steps_table RUNS.csv`` prints the tables of ``docs/local-steps.md`` as Markdown, from the
rows of ``aspis-sim reproduce local-steps --out RUNS.csv``.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv


def name_of(row: Row) -> str:
    """The scheme, or the rule where there is no redundancy."""
    return str(row.rule if row.scheme == "median" else row.scheme)


def mean(rows: Sequence[Row], name: str, kind: str, attack: str, lr: float, local_steps: int) -> float:
    """Mean top-1 (%) over the seeds."""
    wanted = (kind, attack, lr, local_steps)
    return 100 * fmean(
        row.top1
        for row in rows
        if name_of(row) == name and (row.heterogeneity, row.attack, row.lr, row.local_steps) == wanted
    )


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The tables, one for each partition: mean top-1 (%) without an attack, and with it."""
    ways = sorted({(row.lr, row.local_steps) for row in rows})
    head = " | ".join(f"E = {steps}, η = {lr:g}" for lr, steps in ways)
    for kind in dict.fromkeys(row.heterogeneity for row in rows):
        yield from ("", f"| {kind} | {head} |", f"|:---|{'---:|' * len(ways)}")
        for name in dict.fromkeys(map(name_of, rows)):
            cells = (
                " → ".join(f"{mean(rows, name, kind, attack, *way):.1f}" for attack in ("none", "strong"))
                for way in ways
            )
            yield f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
