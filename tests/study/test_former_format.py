"""A study and a CSV that an earlier version wrote (``former/``): read as they were, and recognised as there already."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from aspis_sim.records import as_csv
from aspis_sim.run.row import COLUMNS, FIRST
from aspis_sim.run.trying import prepared
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Study
from aspis_sim.study.reading import read_csv
from aspis_sim.study.session import Selection, Session

FORMER = Path(__file__).with_name("former")

ASKED = [
    Grid.of(
        q="2,3", attack="strong,frame-up", framed=1, scheme="aspis,detox,median", payload="alie,constant:strength=5",
        steps=3, seed="0,1", lr="0.03,0.1",
    ),
    Grid.of(
        q=2, scheme="aspis+,median", attack="weak,majority", adversary_window=2, steps=3, seed=0, lr=0.03, momentum=0.8
    ),
    Grid.of(
        q=2, scheme="byzshield,median", protocol="batch", batch_size=100, init="normal", clip_server=1,
        rule="nnm+krum", convention="byzfl", lr=0.03, steps=3, seed="0,1",
    ),
    Grid.of(
        q=2, attack="frame-up", framed="auto", scheme="aspis", detector="sound", after_detection="rule", steps=2,
        seed=5, lr=0.03,
    ),
]  # fmt: skip
"""What the study was asked for."""


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(FORMER, tmp_path / "study")


def test_its_rows_are_those_that_were_exported_then_and_say_the_settings_that_had_no_column(folder):
    with Study.open(folder) as study:
        rows = study.rows()
    told = list(csv.reader(io.StringIO(as_csv(rows, tuple(COLUMNS)))))
    before = list(csv.reader(io.StringIO((FORMER / "rows.csv").read_text(encoding="utf-8"))))
    assert [row[: len(FIRST)] for row in told] == before
    assert len(before) == 58
    by_scheme = {(row.scheme, row.momentum): row for row in rows}
    assert by_scheme["aspis+", 0.8].adversary_window == 2
    assert by_scheme["byzshield", 0.9].clip_server == 1.0
    assert by_scheme["byzshield", 0.9].convention == "byzfl"
    assert {(row.detector, row.after_detection) for row in rows if row.framed == "auto"} == {("sound", "rule")}


def test_the_same_cells_are_there_already_and_nothing_runs_again(folder):
    with Study.open(folder, write=True) as study:
        assert [Grid.stored(grid["specification"]).identity for grid in study.grids()] == [
            grid.identity for grid in ASKED
        ]
        known = len(study.known())
        former = {"tolerance": 1e-5}
        asked = [grid.replaced(after_detection=grid["after_detection"][0] or "average", **former) for grid in ASKED]
        session = Session(study, [(None, grid) for grid in asked], Selection(other_version="keep"))
        assert list(session.run("again", executor=None)) == []
        assert session.pending.done == session.pending.cells
        assert len(session.rows()) == 57
        assert len(study.known()) == known


def test_what_another_reading_of_the_scheme_left_is_not_taken_for_its_own(folder):
    with Study.open(folder, write=True) as study:
        session = Session(study, [(None, ASKED[0].replaced(tolerance=1e-5))], Selection(other_version="keep"))
        missing = [group.first for group in session.pending.groups]
        assert {cell.scheme for cell in missing} == {"aspis"}
        assert {cell.after_detection for cell in missing} == {"published"}


def test_its_grids_still_multiply_out_to_its_cells(folder):
    with Study.open(folder) as study:
        cells = {study.cell(run.key) for run in study.runs()}
        grids = [Grid.stored(grid["specification"]) for grid in study.grids()]
    asked = {group.first.scheme for grid in grids for group in prepared(grid)}
    assert asked == {cell.scheme for cell in cells}
    assert all(trace_is_whole(folder, run.key) for run in _runs(folder))


def test_a_former_csv_is_read_with_defaults_for_what_it_does_not_say():
    rows = read_csv(FORMER / "rows.csv")
    assert len(rows) == 57
    first = rows[0]
    assert (first.scheme, first.detector, first.rule, first.momentum) == ("aspis", "clique", "median", 0.9)


def _runs(folder):
    with Study.open(folder) as study:
        return study.runs()


def trace_is_whole(folder, key):
    with Study.open(folder) as study:
        return len(study.trace(key).loss) == study.cell(key).steps
