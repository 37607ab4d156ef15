"""The page on backdoors shows the tables of its runs, and says of them what is so."""

from pathlib import Path

import pytest

from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.backdoor_table import lines, outcome
from benchmarks.heterogeneity_table import name_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "backdoor.md").read_text(encoding="utf-8")
NAMES = ("backdoor", "backdoor-fashion")
ROWS = {name: read_csv(DOCS / "tables" / f"{name}.csv") for name in NAMES}


def of(name, q, strength=1, study="backdoor"):
    """Mean success and mean top-1 of two seeds."""
    found = [row for row in ROWS[study] if (name_of(row), row.q, row.strength) == (name, q, strength)]
    assert [row.seed for row in found] == [0, 1]
    return outcome(found)


@pytest.mark.parametrize("study", NAMES)
def test_the_page_shows_the_table_of_its_runs(study):
    assert "\n".join(lines(ROWS[study])) in PAGE


@pytest.mark.parametrize("study", NAMES)
def test_the_runs_are_those_of_the_preset(study):
    def named(one):
        return one.scheme, one.rule, one.q, 1 if one.strength is None else one.strength

    planned = {(*named(run.group.first), seed) for run in preset.load(study).runs() for seed in run.group.seeds}
    assert {(*named(row), row.seed) for row in ROWS[study]} == planned
    assert len(ROWS[study]) == len(planned)
    assert {row.status for row in ROWS[study]} == {"ok"}
    assert {row.payload for row in ROWS[study]} == {"backdoor"}


def test_what_the_page_says_of_it():
    by_distance = ("multi_krum", "nnm+trimmed_mean")
    clean = of("average", 0)[1]
    success, top1 = of("average", 1)
    assert round(success) == 99
    assert clean - top1 < 0.1
    assert of("average", 3)[0] == 100
    assert clean - of("average", 3)[1] < 1
    assert round(of("average", 5, 5)[1]) == 57
    for name in by_distance:
        assert of(name, 1)[0] < 4
        assert round(of(name, 1, study="backdoor-fashion")[0]) == 96
        assert all(of(name, 3, study=study)[0] >= 99 for study in NAMES)
        assert all(of(name, q, 5)[0] < 0.5 for q in (1, 3, 5))
        assert round(of(name, 3, 5, study="backdoor-fashion")[0]) == 11
    assert [round(of("median", 3, strength)[0]) for strength in (1, 5)] == [20, 28]
    assert [round(of("median", 3, strength, "backdoor-fashion")[0]) for strength in (1, 5)] == [98, 99]
    for study in NAMES:
        rows = {(row.q, row.strength, row.seed): (row.backdoor_success, row.loss)
                for row in ROWS[study] if row.scheme == "detox"}  # fmt: skip
        assert all(rows[1, strength, seed] == rows[0, 1, seed] for strength in (1, 5) for seed in (0, 1))
    assert round(of("detox", 5)[0]) == 98


def test_what_the_page_says_of_aspis():
    assert max(round(of("aspis", 5, strength)[0]) for strength in (1, 5)) == 8
    most = [row.distortion_measured for row in ROWS["backdoor"] if (row.scheme, row.q) == ("aspis", 5)]
    assert {round(one, 2) for one in most} == {0.13}
    assert round(of("aspis", 3, study="backdoor-fashion")[0]) == 6
    for study in NAMES:
        (untouched, clean), (_, decided) = (of("aspis-certified", 0, study=study), of("aspis", 0, study=study))
        tried = [(row.q, row.strength) for row in ROWS[study] if row.scheme == "aspis" and row.q]
        assert all(decided - of("aspis", *one, study=study)[1] > 7 for one in tried)
        for one in tried:
            success, top1 = of("aspis-certified", *one, study=study)
            assert abs(success - untouched) < 0.01
            assert abs(top1 - clean) < 0.2
