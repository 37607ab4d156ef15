"""The page on local steps shows the tables of its runs, and says of them what is so."""

from pathlib import Path

import pytest

import aspis_sim
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.local_steps_table import lines, mean, name_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "local-steps.md").read_text(encoding="utf-8")
ROWS = read_csv(DOCS / "tables" / "local-steps.csv")
IID, SKEWED = "iid", "dirichlet:alpha=0.1"
ONE, FIVE, TWENTY, LONG = (0.05, 1), (0.05, 5), (0.05, 20), (1.0, 1)
NAMES = tuple(dict.fromkeys(map(name_of, ROWS)))


def free(name, kind, way):
    return mean(ROWS, name, kind, "none", *way)


def under(name, kind, way):
    return mean(ROWS, name, kind, "strong", *way)


def taken(name, kind, way):
    return round(free(name, kind, way) - under(name, kind, way))


def test_the_page_shows_the_tables_of_its_runs():
    assert "\n".join(lines(ROWS)) in PAGE


def test_the_runs_are_those_of_the_preset():
    def named(one):
        return one.scheme, one.rule, one.attack, one.heterogeneity, one.local_steps, one.lr

    planned = {(*named(run.group.first), seed) for run in preset.load("local-steps").runs() for seed in run.group.seeds}
    assert {(*named(row), row.seed) for row in ROWS} == planned
    assert len(ROWS) == len(planned)
    assert {row.status for row in ROWS} == {"ok"}


def test_more_local_work_helps_everybody():
    for kind in (IID, SKEWED):
        assert all(free(name, kind, TWENTY) > free(name, kind, ONE) + 2 for name in NAMES)
        assert all(under(name, kind, TWENTY) > under(name, kind, ONE) + 3 for name in NAMES)
    gained = [
        round(free(name, kind, TWENTY) - free(name, kind, ONE))
        for name, kind in (("average", IID), ("median", IID), ("median", SKEWED))
    ]
    assert gained == [4, 15, 19]
    assert (taken("median", IID, ONE), taken("average", SKEWED, ONE), taken("median", SKEWED, ONE)) == (14, 22, 11)
    assert max(taken("median", IID, TWENTY), taken("average", SKEWED, TWENTY), taken("median", SKEWED, TWENTY)) <= 0
    for name, last in (("nnm+trimmed_mean", 7), ("multi_krum", 8)):
        assert [taken(name, SKEWED, way) for way in (ONE, FIVE, TWENTY)] == [11, 11, last]


def test_a_longer_stride_does_most_of_it():
    worse = [
        (name, kind) for name in NAMES for kind in (IID, SKEWED) if free(name, kind, LONG) < free(name, kind, TWENTY)
    ]
    assert worse == [("median", IID)]
    told = [
        ("aspis-certified", "95.7% against 91.2"),
        ("average", "93.8 against 90.8"),
        ("geometric_median", "88.5 against 85.0"),
    ]
    for name, words in told:
        assert under(name, IID, LONG) > under(name, IID, TWENTY)
        long, twenty = (f"{under(name, SKEWED, way):.1f}" for way in (LONG, TWENTY))
        assert words.replace("%", "") == f"{long} against {twenty}"
        assert words in PAGE
    assert f"{under('median', SKEWED, TWENTY):.1f}% against\n  {under('median', SKEWED, LONG):.1f}" in PAGE
    assert f"{under('median', IID, TWENTY):.1f} against {under('median', IID, LONG):.1f}" in PAGE
    lost = [[taken(name, SKEWED, way) for way in (LONG, TWENTY)] for name in ("nnm+trimmed_mean", "multi_krum")]
    assert lost == [[12, 7], [12, 8]]
    assert taken("median", SKEWED, LONG) == 19


def test_redundancy_works_on_changes():
    certified = [row for row in ROWS if row.scheme == "aspis-certified"]
    assert len(certified) == 60
    assert {row.false_accusation_rate for row in certified} == {0.0}
    for kind in (IID, SKEWED):
        for way in dict.fromkeys((row.lr, row.local_steps) for row in certified):
            assert abs(free("aspis-certified", kind, way) - under("aspis-certified", kind, way)) < 1
    one, twenty = (next(row for row in certified if (row.lr, row.local_steps) == way) for way in (ONE, TWENTY))
    assert twenty.samples_processed == 20 * one.samples_processed
    assert twenty.bytes_sent == one.bytes_sent


def test_a_run_of_today_gives_its_row():
    wanted = ("median", "median", IID, "strong", 0.05, 5, 0)
    (row,) = (
        row
        for row in ROWS
        if (row.scheme, row.rule, row.heterogeneity, row.attack, row.lr, row.local_steps, row.seed) == wanted
    )
    now = aspis_sim.train(scheme="median", q=3, lr=0.05, seed=0, steps=200, momentum=0, local_steps=5).row
    assert now.top1 == pytest.approx(row.top1, abs=0.03)
