"""What does it do to schemes and rules that files hold different data?

``python -m benchmarks.heterogeneity_table RUNS.csv`` prints tables of ``docs/heterogeneity.md`` as Markdown, from the
rows of ``aspis-sim reproduce heterogeneity --out RUNS.csv``, or of ``heterogeneity-fashion``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv

ROUNDING = 1e-9
"""Below it κ̂ is that of a mean in float32."""


def name_of(row: Row) -> str:
    """The scheme, or the rule where there is no redundancy."""
    return str(row.rule if row.scheme == "median" else row.scheme)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The tables, one for each adversary: mean top-1 (%) over the seeds, and their range."""
    kinds = list(dict.fromkeys(row.heterogeneity for row in rows))
    names = list(dict.fromkeys(map(name_of, rows)))
    groups: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
    for row in rows:
        groups[row.attack, row.payload, name_of(row), row.heterogeneity].append(100 * row.top1)
    for attack, payload in dict.fromkeys((row.attack, row.payload) for row in rows):
        of = "no attack" if attack == "none" else payload
        yield from ("", f"| {of} | {' | '.join(kinds)} |", f"|:---|{'---:|' * len(kinds)}")
        for name in names:
            cells = [_cell(groups[attack, payload, name, kind]) for kind in kinds]
            yield f"| {name} | {' | '.join(cells)} |"


def kappa_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The tables of κ̂, one for each payload: its mean over the seeds, where files have data of their own."""
    skewed = [row for row in rows if row.kappa is not None and row.attack != "none"]
    kinds = list(dict.fromkeys(row.heterogeneity for row in skewed))
    groups: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in skewed:
        groups[row.payload, name_of(row), row.heterogeneity].append(row.kappa)
    for payload in dict.fromkeys(row.payload for row in skewed):
        yield from ("", f"| κ̂, {payload} | {' | '.join(kinds)} |", f"|:---|{'---:|' * len(kinds)}")
        for name in dict.fromkeys(map(name_of, skewed)):
            means = [fmean(groups[payload, name, kind]) for kind in kinds]
            yield f"| {name} | {' | '.join('0' if mean < ROUNDING else f'{mean:.2g}' for mean in means)} |"


def _cell(top1: Sequence[float]) -> str:
    return f"{fmean(top1):.1f} ({min(top1):.1f}–{max(top1):.1f})"


if __name__ == "__main__":
    found = read_csv(Path(sys.argv[1]))
    print("\n".join([*lines(found), *kappa_lines(found)]))
