"""The figures on docs/tolerance.md are those of the tables that lie beside it."""

import csv
from pathlib import Path
from statistics import fmean, stdev

import pytest

from aspis_sim.study.reading import read_csv

DOCS = Path(__file__).parents[2] / "docs"
COPIES = DOCS.parent / "benchmarks/results/copies.csv"
PAGE = (DOCS / "tolerance.md").read_text(encoding="utf-8")
LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]


def figures(rows):
    """Top-1 in percent and loss, mean ± standard deviation over the seeds."""
    top1, loss = [100 * row.top1 for row in rows], [row.loss for row in rows]
    assert len({row.seed for row in rows}) == len(rows) >= 5
    return [f"{fmean(top1):.1f} ± {stdev(top1):.1f}", f"{fmean(loss):.3f} ± {stdev(loss):.3f}"]


@pytest.mark.parametrize("table", ["mean", "median"])
def test_runs(table):
    rows = read_csv(DOCS / f"tables/tolerance-{table}.csv")
    tolerances = sorted({row.tolerance for row in rows})
    assert {row.payload for row in rows} == {"hidden"}
    for tolerance in tolerances:
        chosen = [row for row in rows if row.tolerance == tolerance]
        assert {row.detection_rate for row in chosen} == {row.false_accusation_rate for row in chosen} == {0.0}
        assert {row.distortion_measured for row in chosen} == {25 / 35 if tolerance else 0.0}
        told = [figures([row for row in chosen if row.precision == one]) for one in ("float32", "bfloat16")]
        assert [f"{tolerance:g}", *told[0], *told[1]] in LINES


def test_copies():
    rows = list(csv.DictReader(COPIES.read_text(encoding="utf-8").splitlines()))
    largest = {
        (row["between"], row["model"], row["precision"], row["steps"]): row["largest difference"] for row in rows
    }
    for between in dict.fromkeys(key[0] for key in largest):
        (told,) = [line for line in LINES if line[0] == between]
        models = ("mlp on digits", "resnet8 on synthetic images")
        kinds = [(model, precision) for model in models for precision in ("float32", "bfloat16")]
        found = [max(float(largest[between, *kind, steps]) for steps in ("1", "100")) for kind in kinds]
        assert told[1:] == [f"{one:.1e}" if one else "0" for one in found]
