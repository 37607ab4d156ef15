"""The page on files that hold different data shows the tables of its runs, and a run of today gives a row of it."""

from pathlib import Path
from statistics import fmean

import pytest

import aspis_sim
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.heterogeneity_table import kappa_lines, lines, name_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "heterogeneity.md").read_text(encoding="utf-8")
RUNS = {name: read_csv(DOCS / "tables" / f"{name}.csv") for name in ("heterogeneity", "heterogeneity-fashion")}


def mean(study, name, payload, kind, attack="strong"):
    wanted = (attack, payload, kind)
    found = [
        row.top1
        for row in RUNS[study]
        if name_of(row) == name and (row.attack, row.payload, row.heterogeneity) == wanted
    ]
    assert len(found) == 3
    return 100 * fmean(found)


@pytest.mark.parametrize("study", RUNS)
def test_the_page_shows_the_tables_of_its_runs(study):
    assert "\n".join(lines(RUNS[study])) in PAGE


def test_the_page_shows_what_the_rules_realised():
    digits = RUNS["heterogeneity"]
    assert "\n".join(kappa_lines(digits)) in PAGE

    lied = [row for row in digits if row.attack == "strong"]

    def kappa(rule, payload, kind):
        return fmean(
            one.kappa for one in lied if (name_of(one), one.payload, one.heterogeneity) == (rule, payload, kind)
        )

    gained = {
        payload: [kappa(rule, payload, "gamma:similarity=0.5") for rule in ("median", "nnm+median")]
        for payload in ("alie", "reversed")
    }
    assert [round(one, 2) for one in gained["alie"]] == [0.24, 0.11]
    assert gained["reversed"][1] < 1e-3
    assert {row.kappa for row in lied if row.heterogeneity == "iid"} == {None}
    assert max(row.kappa for row in lied if row.scheme == "aspis-certified" and row.kappa is not None) < 1e-9
    rules = {name_of(row) for row in lied} - {"aspis-certified", "average"}
    for kind in ("gamma:similarity=0.5", "dirichlet:alpha=0.1", "extreme"):
        assert all(kappa("average", "alie", kind) < kappa(rule, "alie", kind) for rule in rules)


@pytest.mark.parametrize("study", RUNS)
def test_the_runs_are_those_of_the_preset(study):
    def of(one):
        return one.scheme, one.rule, one.attack, one.payload, one.heterogeneity

    planned = {(*of(run.group.first), seed) for run in preset.load(study).runs() for seed in run.group.seeds}
    assert {(*of(row), row.seed) for row in RUNS[study]} == planned
    assert len(RUNS[study]) == len(planned)


def test_what_the_page_says_of_them():
    for study, payload in ((study, payload) for study in RUNS for payload in ("alie", "reversed")):
        certified = [
            mean(study, "aspis-certified", payload, kind) for kind in ("iid", "dirichlet:alpha=0.1", "extreme")
        ]
        assert certified[0] - min(certified) < 1
    gained = {
        (study, payload): mean(study, "nnm+median", payload, "extreme") - mean(study, "median", payload, "extreme")
        for study, payload in (
            ("heterogeneity", "alie"),
            ("heterogeneity", "reversed"),
            ("heterogeneity-fashion", "reversed"),
        )
    }
    assert [round(points) for points in gained.values()] == [20, 31, 31]
    lost = [
        mean("heterogeneity", "geometric_median", "alie", kind)
        - mean("heterogeneity", "nnm+geometric_median", "alie", kind)
        for kind in ("extreme", "dirichlet:alpha=0.1")
    ]
    assert [round(points) for points in lost] == [7, 12]
    rules = {row.rule for row in RUNS["heterogeneity-fashion"] if row.scheme == "median"} - {"geometric_median"}
    kinds = {row.heterogeneity for row in RUNS["heterogeneity-fashion"]}
    assert max(mean("heterogeneity-fashion", rule, "alie", kind) for rule in rules for kind in kinds) < 20
    unattacked = mean("heterogeneity", "aspis-certified", "alie", "extreme", "none")
    assert f"{unattacked:.1f}%" in PAGE
    assert mean("heterogeneity", "aspis-certified", "alie", "extreme") > unattacked + 30


@pytest.mark.parametrize("name", ["aspis-certified", "nnm+median"])
def test_a_run_of_today_gives_its_row(name):
    (row,) = [
        row
        for row in RUNS["heterogeneity"]
        if name_of(row) == name
        and (row.payload, row.heterogeneity, row.attack, row.seed) == ("reversed", "extreme", "strong", 0)
    ]
    now = aspis_sim.train(
        scheme=row.scheme, rule=row.rule, q=3, payload="reversed", lr=0.03, seed=0, heterogeneity="extreme"
    ).row
    assert now.top1 == pytest.approx(row.top1, abs=0.03)
    assert now.distortion_measured == pytest.approx(row.distortion_measured)
