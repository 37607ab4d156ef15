"""Accuracy, distortion and price against the number of audits, for one, three and five copies of a file.

``python -m benchmarks.audits_figure AUDITS.csv OUT.png`` draws the figure of ``docs/audits.md`` from the rows of
``aspis-sim reproduce audits --out AUDITS.csv``.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from aspis_sim.report.figures import STYLE
from aspis_sim.run.row import Row
from aspis_sim.study.reading import read_csv
from benchmarks.audits_table import bound

LOOKS = {1: ("#e69f00", "^"), 3: ("#0072b2", "o"), 5: ("#009e73", "s")}
"""Copies -> colour and marker."""


def drawn(rows: Sequence[Row]) -> Figure:
    """Three panels: the worse of the payloads at each number of audits; lines of bounds are dashed."""
    drawing = Figure(figsize=(7.2, 2.6), layout="constrained")
    accuracy, distortion, price = drawing.subplots(1, 3)
    lied = [row for row in rows if row.attack != "none"]
    numbers = sorted({row.audits for row in lied})
    for redundancy, (colour, marker) in LOOKS.items():
        of = {
            audits: [row for row in lied if (row.redundancy, row.audits) == (redundancy, audits)] for audits in numbers
        }
        payloads = sorted({row.payload for row in lied})

        def means(column: str, of: dict[int, list[Row]] = of, names: list[str] = payloads) -> list[list[float]]:
            return [[fmean(row[column] for row in of[m] if row.payload == name) for name in names] for m in numbers]

        look = {"color": colour, "marker": marker}
        top1 = [100 * min(each) for each in means("top1")]
        accuracy.plot(numbers, top1, label=f"r = {redundancy}", **look)
        distortion.plot(numbers, [max(each) for each in means("distortion_measured")], **look)
        limits = [(m, bound(of[m][0])) for m in numbers if m]
        distortion.plot(*zip(*limits, strict=True), color=colour, linestyle="--", linewidth=0.8)
        shares = [100 * of[m][0].server_computed / of[m][0].samples_processed for m in numbers if m]
        price.plot([m for m in numbers if m], shares, **look)
    accuracy.set_ylabel("top-1 %")
    distortion.set_ylabel("ε (dashed: its bound)")
    distortion.set_yscale("log")
    price.set_ylabel("server's gradients, % of workers'")
    price.set_yscale("log")
    price.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    distortion.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for axis in (accuracy, distortion, price):
        axis.set_xlabel("audits a step, m")
        axis.set_xticks(numbers)
    drawing.legend(loc="outside upper center", ncols=3, frameon=False)
    return drawing


if __name__ == "__main__":
    style: dict[Any, Any] = {**STYLE}
    with rc_context(style):
        drawn(read_csv(Path(sys.argv[1]))).savefig(sys.argv[2], dpi=200)
