"""The runs behind a leaderboard: ``python -m benchmarks.leaderboard_runs ROWS.csv EXPORT.csv > RUNS.csv``.

``ROWS.csv`` is from ``aspis-sim attack``, ``EXPORT.csv`` from ``aspis-sim export STUDY``. What is
left are the runs of each verdict with fresh seeds: those of the worst attack, and those without an attack.
"""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aspis_sim.battery.verdict import DEFENCE
from benchmarks.leaderboard_table import read

Record = Mapping[str, str]


def runs_of(verdict: Record, runs: Sequence[Record], attacked: bool = True) -> list[Record]:
    """The runs of a verdict's worst attack, or those without an attack."""
    own = ("q", "lr", *DEFENCE)
    lie = ("attack", "payload", "strength", "timing")
    told = {**verdict, "attack": ":".join(filter(None, (verdict["attack"], verdict["framed"])))}
    seeds = verdict["seeds"].split()

    def is_one(run: Record) -> bool:
        alike = all(_same(run[name], verdict[name]) for name in own) and run["seed"] in seeds
        return alike and (all(_same(run[name], told[name]) for name in lie) if attacked else run["attack"] == "none")

    return [run for run in runs if is_one(run)]


def behind(verdicts: Sequence[Record], runs: Sequence[Record]) -> Iterator[Record]:
    """The runs behind all verdicts, each once."""
    given: set[int] = set()
    for verdict in verdicts:
        if not verdict["robust_top1"]:
            continue
        for run in (*runs_of(verdict, runs, attacked=False), *runs_of(verdict, runs)):
            if id(run) not in given:
                given.add(id(run))
                yield run


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


if __name__ == "__main__":
    stored = read(Path(sys.argv[2]))
    writer = csv.DictWriter(sys.stdout, stored[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(behind(read(Path(sys.argv[1])), stored))
