"""The published training results: curves read off the figures, and the losses of the authors' linear regression.

``accuracy.csv`` and ``curves.csv`` hold test accuracy in percent, digitised from the figures with an error of about 0.3
points. Figures 7a to 14 are those of Konstantinidis, Ramamoorthy, Vaswani, IEEE/ACM Trans. Networking 2023 (arXiv
2208.08085), figures B2 to B11 those of ByzShield (Konstantinidis, Ramamoorthy, MLSys 2021, arXiv 2010.04902). In figure
14 the curve of signSGD with q = 7 was matched to the legend by elimination.
``linear_regression.json`` holds what the first authors' algorithm gives, with nine digits.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aspis_sim.errors import InputError

FOLDER = Path(__file__).with_name("published")


@dataclass(frozen=True)
class Curve:
    """One published curve.

    Attributes:
        figure: as in "7a".
        setting: what the figure is about, in its own words.
        series: as in its legend: "Aspis, q = 2".
        top1: in percent at each checkpoint, evenly spaced over the run, the last one at its end.
    """

    figure: str
    setting: str
    series: str
    top1: tuple[float, ...]

    @property
    def first(self) -> float:
        """At the first checkpoint."""
        return self.top1[0]

    @property
    def best(self) -> float:
        """The highest."""
        return max(self.top1)

    @property
    def final(self) -> float:
        """At the end."""
        return self.top1[-1]


@cache
def curves() -> tuple[Curve, ...]:
    """All published curves, in the order of the figures."""
    found: dict[tuple[str, str, str], list[tuple[int, float]]] = {}
    for row in _rows("curves.csv"):
        key = row["figure"], row["setting"], row["series"]
        found.setdefault(key, []).append((int(row["checkpoint"]), float(row["top1"])))
    return tuple(Curve(*key, tuple(top1 for _, top1 in sorted(points))) for key, points in found.items())


def curve(figure: str, label: str, q: int) -> Curve:
    """The curve of a figure that its legend calls by this label and q.

    Raises:
        InputError: there is none.
    """
    wanted = f"{label}, q = {q}"
    of_figure = [one for one in curves() if one.figure == figure]
    for one in of_figure:
        if one.series == wanted:
            return one
    raise InputError(f"figure {figure} has no curve {wanted!r}; it has {', '.join(one.series for one in of_figure)}")


def linear_regression() -> list[dict[str, Any]]:
    """The authors' five runs: their settings, and the loss after each step."""
    runs: list[dict[str, Any]] = json.loads((FOLDER / "linear_regression.json").read_text())
    return runs


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
