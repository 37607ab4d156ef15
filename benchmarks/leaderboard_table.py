"""The leaderboard as Markdown: ``python -m benchmarks.leaderboard_table ROWS.csv…``, with rows of ``aspis-sim attack``.

A row a defence and q, by q and then by what the worst attack leaves.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aspis_sim.battery.lie import Lie
from aspis_sim.battery.standard import SEARCHING

HEADINGS = ("q", "defence", "robust", "worst seed", "no attack", "worst attack", "ε", "load", "samples a step", "lr")


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV of ``aspis-sim attack``."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """The table: for each q the defences in the order of their robust top-1, those that are not defined last."""
    yield f"| {' | '.join(HEADINGS)} |"
    yield "|---:|:---|---:|---:|---:|:---|---:|---:|---:|---:|"
    for row in sorted(rows, key=lambda row: (int(row["q"]), -float(row["robust_top1"] or -1))):
        yield f"| {' | '.join(_cells(row))} |"


def attack_of(row: Mapping[str, str]) -> str:
    """The worst attack in a few words."""
    if row["attack"] in ("", "none"):
        return "none distorts anything" if row["attack"] else row["status"].partition(":")[0]
    label = Lie.of(row).label
    if row["payload"] in SEARCHING:  # always with these options
        label = label.replace(row["payload"], row["payload"].partition(":")[0])
    return label + (" (diverges)" if row["status"] == "diverged" else "")


def _cells(row: Mapping[str, str]) -> Iterator[str]:
    yield row["q"]
    yield f"`{row['scheme']}`"
    for name in ("robust_top1", "worst_top1", "clean_top1"):
        yield f"{100 * float(row[name]):.1f}" if row[name] else "-"
    yield attack_of(row)
    yield f"{float(row['distortion_measured']):.3f}" if row["distortion_measured"] else "-"
    yield row["load"] or "-"
    yield row["batch_size"] or "-"
    yield row["lr"] or "-"


if __name__ == "__main__":
    print("\n".join(lines([row for path in sys.argv[1:] for row in read(Path(path))])))
