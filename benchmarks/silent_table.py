"""What do silent workers cost?

``python -m benchmarks.silent_table RUNS.csv`` prints the table of ``docs/silent.md`` as Markdown, from the rows of
``aspis-sim reproduce silent --out RUNS.csv``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv


def lines(rows: Sequence[Row], silence: str = "random") -> Iterator[str]:
    """The table of one kind of silence: for each scheme and number of silent workers the worse of the payloads."""
    shown = [row for row in rows if not row.silent or row.silence == silence]
    groups: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in shown:
        groups[row.scheme][row.silent].append(row)
    numbers = sorted({row.silent for row in shown})
    yield f"| scheme | {' | '.join(f'{number} silent' for number in numbers)} |"
    yield f"|:---|{':---|' * len(numbers)}"
    for scheme, of in groups.items():
        yield f"| `{scheme}` | {' | '.join(_worst(of.get(number, [])) for number in numbers)} |"


def worst(rows: Sequence[Row]) -> float:
    """The lowest of the payloads' mean top-1, in percent."""
    payloads: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        payloads[row.payload].append(100 * row.top1)
    return min(map(fmean, payloads.values()))


def _worst(rows: Sequence[Row]) -> str:
    """Lowest mean top-1 %, largest ε, and the share of files lost, where any is; – without a run."""
    if not rows:
        return "–"
    distorted = max(row.distortion_measured for row in rows)
    lost = fmean(row.lost_measured for row in rows)
    said = f"{worst(rows):.1f}, ε {distorted:.3f}".replace("ε 0.", "ε .")
    return said + (f", {100 * lost:.0f}% lost" if lost >= 0.005 else "")


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
