"""What the battery found on the standard system: the verdicts of the leaderboard, which come with the package."""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

VERDICTS = Path(__file__).with_name("known.csv")

SYSTEM = ("dataset", "model", "workers", "heterogeneity")
"""Settings in which a run is like those of the leaderboard."""


@cache
def verdicts() -> tuple[Mapping[str, str], ...]:
    """Rows of ``aspis-sim attack``, see `aspis_sim.battery.verdict.COLUMNS`."""
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def is_known(settings: Mapping[str, Any]) -> bool:
    """Whether the leaderboard is about a system with these settings."""
    some = next(row for row in verdicts() if row["robust_top1"])
    return all(str(settings[name]) == some[name] for name in SYSTEM)


def left_by_the_worst(schemes: Iterable[str], q: int) -> dict[str, float]:
    """Scheme -> the accuracy that the worst attack known leaves; empty unless all of them, two or more, are known.

    Args:
        schemes: names of schemes as they come with the package.
        q: Byzantine workers.
    """
    left = {row["scheme"]: float(row["robust_top1"]) for row in verdicts() if row["q"] == str(q) and row["robust_top1"]}
    asked = list(schemes)
    return {name: left[name] for name in asked} if len(asked) > 1 and all(name in left for name in asked) else {}
