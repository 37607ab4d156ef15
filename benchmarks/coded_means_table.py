"""Are means that nobody compares as good as copies that are voted on?

``python -m benchmarks.coded_means_table RUNS.csv`` prints the tables of ``docs/coded-means.md`` as Markdown, from the
rows of ``aspis-sim reproduce coded-means --out RUNS.csv``.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv

Defence = tuple[str, str, str]
"""Scheme, assignment and rule."""
Adversary = tuple[str, int]
"""Payload, ``"none"`` without lies, and q."""


def adversary(row: Row) -> Adversary:
    """Against what a row was trained."""
    return ("none" if row.attack == "none" else str(row.payload)), int(row.q)


def defence(row: Row) -> Defence:
    """What it was trained with."""
    return str(row.scheme), str(row.assignment), str(row.rule)


def top1(rows: Sequence[Row]) -> Mapping[tuple[str, Defence, Adversary], float]:
    """(partition, defence, adversary) -> mean top-1 over the seeds, in percent."""
    groups: dict[tuple[str, Defence, Adversary], list[float]] = defaultdict(list)
    for row in rows:
        groups[row.heterogeneity, defence(row), adversary(row)].append(100 * row.top1)
    return {name: fmean(values) for name, values in groups.items()}


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """The tables, one for each partition: a line for each defence, with what its workers send; – without a run."""
    found, adversaries = top1(rows), list(dict.fromkeys(map(adversary, rows)))
    headings = ["no attack" if payload == "none" else f"{payload}, q={q}" for payload, q in adversaries]
    sent = {defence(row): row.bytes_sent for row in rows}
    for kind in dict.fromkeys(row.heterogeneity for row in rows):
        yield from ("", f"| {kind} | sent | {' | '.join(headings)} |", f"|:---|{'---:|' * (1 + len(headings))}")
        for name in sent:
            scheme, assignment, rule = name
            cells = [f"{found[kind, name, one]:.1f}" if (kind, name, one) in found else "–" for one in adversaries]
            yield f"| `{scheme}`, {assignment}, {rule} | {sent[name] / 1e9:.2f} GB | {' | '.join(cells)} |"


if __name__ == "__main__":
    print("\n".join(lines(read_csv(Path(sys.argv[1])))))
