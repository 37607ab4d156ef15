"""What the battery found on the systems of the leaderboards: their verdicts, which come with the package."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

VERDICTS = Path(__file__).with_name("verdicts")
"""A file a leaderboard, as ``aspis-sim attack --format csv`` writes it."""

SYSTEM = ("dataset", "model", "workers", "heterogeneity")
"""Settings that tell the leaderboards apart, and in which a run is like those of one."""


@cache
def boards() -> Mapping[str, Sequence[Mapping[str, str]]]:
    """The name of a leaderboard -> its rows, see `aspis_sim.battery.verdict.COLUMNS`."""
    found = {}
    for path in sorted(VERDICTS.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = tuple(csv.DictReader(file))
    return found


@cache
def _found() -> Mapping[tuple[str, ...], Mapping[tuple[str, str], float]]:
    """Values of `SYSTEM` -> scheme and q -> the accuracy under the worst attack."""
    defined = [row for rows in boards().values() for row in rows if row["robust_top1"]]
    left: dict[tuple[str, ...], dict[tuple[str, str], float]] = {}
    for row in defined:
        system = tuple(row[name] for name in SYSTEM)
        left.setdefault(system, {})[row["scheme"], row["q"]] = float(row["robust_top1"])
    return left


def left_by_the_worst(schemes: Iterable[str], q: int, settings: Mapping[str, Any]) -> dict[str, float]:
    """Scheme -> the accuracy that the worst attack known leaves; empty unless all of them, two or more, are known.

    Args:
        schemes: names of schemes as they come with the package.
        q: Byzantine workers.
        settings: of the system, those named in `SYSTEM` at least.
    """
    left = _found().get(tuple(str(settings[name]) for name in SYSTEM), {})
    known = {name: left.get((name, str(q))) for name in schemes}
    told = {name: value for name, value in known.items() if value is not None}
    return told if len(told) == len(known) > 1 else {}
