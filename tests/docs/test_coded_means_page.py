"""The page on coded means shows the tables of its runs, and says of them and of the rows' distances what is so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aspis_sim
from aspis_sim.assignment import build
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.coded_means_table import adversary, defence, lines, top1

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "coded-means.md").read_text(encoding="utf-8")
ROWS = read_csv(DOCS / "tables" / "coded-means.csv")
TOP1 = top1(ROWS)
SKEWED = "dirichlet:alpha=0.1"
MEDIAN, MIXED = "median", "nnm+trimmed_mean"
CERTIFIED, BYZSHIELD = ("aspis-certified", "subset", "median_of_means"), ("byzshield", "mols", "median")
FIXED = [(payload, q) for payload in ("alie", "reversed") for q in (2, 4, 6)]


def test_the_page_shows_the_tables_of_its_runs():
    assert "\n".join(lines(ROWS)) in PAGE


def test_the_runs_are_those_of_the_preset():
    def of(one):
        return one.scheme, one.assignment, one.rule, one.attack, one.payload, one.q, one.heterogeneity

    planned = {(*of(run.group.first), seed) for run in preset.load("coded-means").runs() for seed in run.group.seeds}
    assert {(*of(row), row.seed) for row in ROWS} == planned
    assert len(ROWS) == len(planned)


def test_every_worker_computes_as_much():
    assert {row.load * row.samples_per_file for row in ROWS} == {90, 91}
    sent = {row.scheme: f"{row.bytes_sent / 1e9:.2f}" for row in ROWS}
    assert (sent["coded-mean"], sent["median"], sent["aspis-certified"]) == ("0.09", "0.09", "7.88")
    by_seed = {(row.seed, row.heterogeneity, row.q, row.payload): row for row in ROWS if defence(row) == CERTIFIED}
    for (*given, q, payload), row in by_seed.items():
        if payload == "reversed":
            other = by_seed[(*given, q, "alie")]
            assert (row.top1, row.loss) == (other.top1, other.loss)


@pytest.mark.parametrize(
    ("name", "redundancy", "factor"), [("baseline", 1, 1), ("cyclic", 3, 0.29), ("subset", 3, 0.0088)]
)
def test_how_close_rows_are(name, redundancy, factor):
    """Of files in random order: the mean squared distance of the workers' means from theirs, in that of the files."""
    assignment = build(name, workers=15, redundancy=redundancy)
    files = len(assignment.files)
    weights = assignment.incidence / assignment.load
    spread = ((weights - weights.mean(0)) ** 2).sum() / 15 * files / (files - 1)
    assert spread == pytest.approx(factor, rel=0.02)
    values = np.random.default_rng(0).normal(size=(files, 4000))
    rows = weights @ values
    measured = ((rows - rows.mean(0)) ** 2).sum(1).mean() / ((values - values.mean(0)) ** 2).sum(1).mean()
    assert measured == pytest.approx(spread, rel=0.05)


def coded(assignment, rule):
    return "coded-mean", assignment, rule


def below(rule):
    return max(TOP1[SKEWED, CERTIFIED, one] - TOP1[SKEWED, coded("subset", rule), one] for one in FIXED)


def test_what_the_page_says_of_them():
    names = list(dict.fromkeys(map(defence, ROWS)))
    for one in [*FIXED, ("none", 0)]:
        columns = [TOP1["iid", name, one] for name in names if name != BYZSHIELD]
        assert max(columns) - min(columns) < 3
    assert [round(TOP1["iid", BYZSHIELD, (payload, 6)]) for payload in ("alie", "reversed")] == [76, 71]
    assert {row.distortion_measured for row in ROWS if defence(row) == BYZSHIELD and row.q == 6} == {12 / 25}
    assert (round(below(MIXED), 1), round(below(MEDIAN))) == (0.6, 2)
    alie = ("alie", 6)
    found = [
        (TOP1[SKEWED, coded("cyclic", rule), alie], TOP1[SKEWED, ("median", "baseline", rule), alie])
        for rule in (MIXED, MEDIAN)
    ]
    assert [(round(one), round(other)) for one, other in found] == [(75, 14), (62, 18)]
    assert [round(TOP1[SKEWED, coded("subset", rule), alie]) for rule in (MIXED, MEDIAN)] == [94, 94]
    assert round(TOP1[SKEWED, BYZSHIELD, alie]) == 11
    lost = {row.lost_measured for row in ROWS if defence(row) == CERTIFIED and row.q == 6}
    assert {round(100 * part) for part in lost} == {48}
    assert {row.distortion_measured for row in ROWS if defence(row) == CERTIFIED} == {0}


def test_what_optimised_lies_cost_by_the_page():
    first = {(row.heterogeneity, defence(row), adversary(row)): 100 * row.top1 for row in ROWS if row.seed == 0}
    cost = {one[:2]: first[(*one[:2], ("none", 0))] - top for one, top in first.items() if one[2][0] == "optimised"}
    alike = [points for (kind, name), points in cost.items() if kind == "iid" and name != BYZSHIELD]
    assert (round(min(alike)), round(max(alike))) == (4, 6)
    assert [round(cost[SKEWED, coded("subset", rule)]) for rule in (MEDIAN, MIXED)] == [2, 2]
    assert [round(cost[SKEWED, coded("cyclic", rule)]) for rule in (MEDIAN, MIXED)] == [51, 54]
    assert {row.status for row in ROWS if row.assignment == "cyclic" and row.payload == "optimised"} == {
        "ok",
        "diverged",
    }


def test_a_run_of_today_gives_its_row():
    wanted: dict[str, Any] = {"scheme": "coded-mean", "assignment": "cyclic", "rule": MEDIAN, "heterogeneity": SKEWED}
    wanted |= {"payload": "alie", "q": 6, "seed": 0}
    (row,) = [row for row in ROWS if all(row[name] == value for name, value in wanted.items())]
    now = aspis_sim.train(**wanted, samples_per_file=30, lr=0.03).row
    assert now.top1 == pytest.approx(row.top1, abs=0.03)
    assert now.distortion_measured == row.distortion_measured
