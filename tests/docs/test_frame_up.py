"""The table of ``docs/frame-up.md`` is that of its preset's runs, and a run of today gives a row of it."""

from pathlib import Path

import pytest

import aspis_sim
from aspis_sim.reproduction import preset
from aspis_sim.study.reading import read_csv
from benchmarks.frame_up_table import VARIANTS, lines

DOCS = Path(__file__).parents[2] / "docs"
RUNS = read_csv(DOCS / "tables" / "frame-up.csv")


def test_the_page_shows_the_table_of_its_runs():
    assert "\n".join(lines(RUNS)) in (DOCS / "frame-up.md").read_text(encoding="utf-8")


def test_the_runs_are_those_of_the_preset_with_five_seeds_a_cell():
    def key(of):
        return of.scheme, of.after_detection, of.q, of.payload, of.framed, of.seed

    planned = preset.load("frame-up").runs()
    cells = {(*key(one.group.first)[:-1], one.group.first.attack, seed) for one in planned for seed in one.group.seeds}
    rows = {(*key(row)[:-1], row.attack.partition(":")[0], row.seed) for row in RUNS}
    assert rows == cells
    assert len(RUNS) == len(cells) == 675
    assert {row.seed for row in RUNS} == {0, 1, 2, 3, 4}
    assert {(row.scheme, row.after_detection) for row in RUNS} == set(VARIANTS)


@pytest.mark.parametrize("reading", ["published", "average"])
def test_a_run_of_today_gives_its_row(reading):
    (row,) = [
        row
        for row in RUNS
        if (row.scheme, row.after_detection, row.attack) == ("aspis", reading, "frame-up:3")
        and (row.q, row.payload, row.seed) == (4, "reversed", 0)
    ]
    now = aspis_sim.train(
        scheme="aspis", q=4, attack="frame-up", framed=3, payload="reversed", lr=0.03, seed=0, after_detection=reading
    ).row
    assert now.status == row.status
    assert now.top1 == pytest.approx(row.top1, abs=0.02)
    assert now.distortion_measured == pytest.approx(row.distortion_measured)
    assert now.false_accusation_rate == pytest.approx(row.false_accusation_rate)
