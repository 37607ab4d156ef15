"""What do the schemes reach on CIFAR-10, JPEG 75?

``python -m benchmarks.cifar10_table RUNS.csv`` prints tables of ``docs/cifar10.md`` as Markdown, from the rows of
``aspis-sim reproduce cifar10-files --out RUNS.csv``, or of ``cifar10-batch``, ``cifar10-moving`` or ``cifar10-larger``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv

Groups = dict[tuple[int, str, int, str], list[Row]]
"""(K, payload, q, scheme) -> the runs of every seed; without Byzantine workers they stand under every payload."""


def groups(rows: Sequence[Row]) -> Groups:
    """The rows by what their seeds have in common."""
    payloads = list(dict.fromkeys(row.payload for row in rows if row.q))
    found: Groups = defaultdict(list)
    for row in rows:
        for payload in [row.payload] if row.q else payloads:
            found[row.workers, payload, row.q, row.scheme].append(row)
    return found


def top1(runs: Sequence[Row]) -> float:
    """Mean top-1 over the seeds, %."""
    return 100 * fmean(row.top1 for row in runs)


def lines(rows: Sequence[Row], with_distortion: bool = False) -> Iterator[str]:
    """The tables, one for each K and payload: mean top-1 (%) over the seeds, and their range.

    Args:
        rows: of a study.
        with_distortion: the mean share of distorted files, too, where somebody lies.
    """
    found = groups(rows)
    several = len({row.workers for row in rows}) > 1
    for workers, payload in dict.fromkeys((workers, payload) for workers, payload, _, _ in found):
        qs = sorted({q for K, of, q, _ in found if (K, of) == (workers, payload)})
        schemes = list(dict.fromkeys(row.scheme for row in rows if row.workers == workers))
        title = f"K={workers}, {payload}" if several else payload
        yield from ("", f"| {title} | {' | '.join(f'q={q}' for q in qs)} |", f"|:---|{'---:|' * len(qs)}")
        best = {
            q: max(top1(runs) for (K, of, at, _), runs in found.items() if (K, of, at) == (workers, payload, q))
            for q in qs
        }
        for scheme in schemes:
            cells = [_cell(found.get((workers, payload, q, scheme), []), best[q], with_distortion) for q in qs]
            yield f"| {scheme} | {' | '.join(cells)} |"


def _cell(runs: Sequence[Row], best: float, with_distortion: bool) -> str:
    if not runs:
        return "–"
    mean = top1(runs)
    shown = f"**{mean:.1f}**" if mean == best else f"{mean:.1f}"
    if len(runs) > 1:
        shown += f" ({100 * min(row.top1 for row in runs):.0f}–{100 * max(row.top1 for row in runs):.0f})"
    if with_distortion and runs[0].q:
        shown += f", ε {fmean(row.distortion_measured for row in runs):.3f}".replace(" 0.", " .")
    return shown


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])), "moving" in sys.argv[1])))
