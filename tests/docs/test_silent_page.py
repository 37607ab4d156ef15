"""The page on silent workers shows the table of its runs, and says of them what is so."""

from pathlib import Path

import pytest

from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.silent_table import lines, worst

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "silent.md").read_text(encoding="utf-8")
ROWS = read_csv(DOCS / "tables" / "silent.csv")
COPIES = ("aspis", "aspis-certified", "aspis-audited", "byzshield", "detox")


def of(scheme, silent, silence="random"):
    found = [
        row for row in ROWS if (row.scheme, row.silent) == (scheme, silent) and (not silent or row.silence == silence)
    ]
    assert len(found) == 6
    return found


def test_the_page_shows_the_table_of_its_runs():
    assert "\n".join(lines(ROWS)) in PAGE


def test_the_runs_are_those_of_the_preset():
    def named(one):
        return one.scheme, one.payload, one.silence, one.silent

    planned = {(*named(run.group.first), seed) for run in preset.load("silent").runs() for seed in run.group.seeds}
    assert {(*named(row), row.seed) for row in ROWS} == planned
    assert len(ROWS) == len(planned)
    assert {row.status for row in ROWS} == {"ok"}


@pytest.mark.parametrize("scheme", COPIES)
def test_with_three_copies_silence_costs_little(scheme):
    alone = worst(of(scheme, 0))
    assert alone - worst(of(scheme, 4)) < 1
    assert alone - worst(of(scheme, 4, "crash")) < 1
    assert alone - worst(of(scheme, 8)) < 1
    assert (alone - worst(of(scheme, 8, "crash")) < 1) == (scheme != "detox")


def test_what_the_page_says_of_it():
    assert [round(worst(of("median", silent))) for silent in (0, 4, 8)] == [81, 56, 14]
    assert round(worst(of("detox", 0)) - worst(of("detox", 8, "crash"))) == 3
    assert [round(worst(of("multi_krum", silent))) for silent in (0, 8)] == [91, 14]
    accused = {row.scheme: 0.0 for row in ROWS}
    for row in ROWS:
        accused[row.scheme] = max(accused[row.scheme], row.false_accusation_rate or 0)
    assert round(100 * accused["aspis"]) == 17
    assert accused["aspis-certified"] == accused["aspis-audited"] == 0
    assert not any(row.false_accusation_rate for row in of("aspis", 0))
    lost = [round(100 * sum(row.lost_measured for row in rows) / 6)
            for rows in (of("aspis-certified", 4), of("aspis-certified", 8, "crash"))]  # fmt: skip
    assert lost == [41, 91]
    assert round(worst(of("aspis-certified", 8, "crash"))) == 94
    assert round(max(row.distortion_measured for row in of("aspis-certified", 8)), 3) == 0.012
    assert all(row.convicted == 3 for silent in (0, 2, 4, 6, 8) for row in of("aspis-audited", silent))
