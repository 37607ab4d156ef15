"""What do lies that deceive the clique detector do to training, under both readings of what follows a detection?

``python -m benchmarks.frame_up_table RUNS.csv`` prints the table of ``docs/frame-up.md`` as Markdown, from the rows of
``aspis-sim reproduce frame-up --out RUNS.csv``.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv

VARIANTS = {
    ("aspis", "published"): "`aspis`, as its training code",
    ("aspis", "average"): "`aspis`, mean after every detection",
    ("aspis-certified", "average"): "`aspis-certified`",
}
"""(scheme, what follows a detection) -> its column."""


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The table: for each payload and q the worst of the attacks on each variant."""
    groups: dict[tuple[str, int, tuple[str, str]], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row.payload, row.q, (row.scheme, row.after_detection)][row.attack].append(row)
    yield f"| payload | q | {' | '.join(VARIANTS.values())} |"
    yield f"|:---|---:|{':---|' * len(VARIANTS)}"
    for payload, q in dict.fromkeys((row.payload, row.q) for row in rows):
        cells = [_worst(groups[payload, q, variant]) for variant in VARIANTS]
        yield f"| {payload} | {q} | {' | '.join(cells)} |"


def _worst(by_attack: dict[str, list[Row]]) -> str:
    """Mean top-1 % under the attack with the lowest, its range over the seeds, the mean loss, and the attack."""
    attack, members = min(by_attack.items(), key=lambda one: fmean(row.top1 for row in one[1]))
    top1 = [100 * row.top1 for row in members]
    losses = [row.loss for row in members]
    loss = f"{fmean(losses):.3g}" if all(map(math.isfinite, losses)) else "not finite"
    return f"{fmean(top1):.1f} ({min(top1):.1f} to {max(top1):.1f}), loss {loss}, {attack}"


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
