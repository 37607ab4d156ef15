"""A study's folder as its figures see it: rows and curves as committed, commands, versions, and hidden settings."""

from dataclasses import replace

import numpy as np
import pytest
from aspis_sim.analysis.sheets import sheets_of

from aspis_sim.errors import DataError, InputError
from aspis_sim.records import as_csv
from aspis_sim.report.page import page
from aspis_sim.report.source import opened
from aspis_sim.run.rate import Validation
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Finished, Machine, Origin, Study
from tests.report.studies import row_of, timeline_of

CELL = Cell(
    scheme="aspis",
    assignment="subset",
    detector="clique",
    rule="median",
    workers=15,
    redundancy=3,
    q=1,
    attack="strong",
    payload="alie",
    samples_per_file=4,
    lr=0.1,
    seed=0,
    steps=40,
)
VERSIONS = {"aspis-sim": "0.1.0", "jax": "0.10", "numpy": "2.4", "python": "3.11"}


def commit(store, cell, host="here", failed=False, code="a"):
    row = row_of(q=cell.q, seed=cell.seed, top1=None if failed else 0.8, status="failed: x" if failed else "ok")
    run = timeline_of(row)
    names = ("loss", "distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome")
    trace = {} if failed else {name: getattr(run, name) for name in names}
    finished = Finished(cell, row, Validation(0.8, 1.0, failed), 1.0, trace, () if failed else run.curve)
    store.commit(finished, Origin(code * 64, "b" * 64), Machine(VERSIONS, "cpu", host))
    return row


def ask(store, cells, command):
    grid = Grid.of(scheme=("aspis",), q=tuple(cell.q for cell in cells), lr=(0.1,), seed=(0, 1), steps=cells[0].steps)
    store.asked.add(replace(grid, momentum=cells[0].momentum), [Group(cell, (0.1,), (0, 1)) for cell in cells], command)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "a study"
    cells = [CELL, replace(CELL, q=2)]
    with Study.create(path) as store:
        ask(store, cells, "aspis-sim sweep --q 1..2")
        for cell in cells:
            commit(store, cell)
            commit(store, replace(cell, seed=1), host="there", failed=cell.q == 2)
    return path


def test_a_folder_has_its_rows_curves_commands_and_versions(folder):
    with opened(folder) as study:
        assert study.name == "a study"
        assert [(row.q, row.seed) for row in study.rows] == [(1, 0), (1, 1), (2, 0), (2, 1)]
        assert study.commands == ("aspis-sim sweep --q 1..2",)
        assert study.made_by["host"] == {"here": 2, "there": 2}
        assert study.made_by["jax"] == {"0.10": 4}
        assert study.made_by["code"] == {"a" * 12: 4}
        for index, row in enumerate(study.rows[:3]):
            run, expected = study.timeline(index), timeline_of(row)
            assert run is not None
            assert run.curve == expected.curve
            for name in ("loss", "distorted", "excluded_byzantine", "outcome"):
                assert np.array_equal(getattr(run, name), getattr(expected, name))
        assert study.timeline(3) is None


def test_only_the_rows_are_the_same_rows(folder):
    with opened(folder) as whole, opened(folder, rows_only=True) as study:
        assert as_csv(study.rows) == as_csv(whole.rows)
        assert not study.traced


def test_cells_of_several_versions_of_the_code_are_said_to_be(folder):
    with Study.open(folder, write=True) as store:
        ask(store, [replace(CELL, q=3)], "")
        commit(store, replace(CELL, q=3), code="c")
    for rows_only in (False, True):
        with opened(folder, rows_only) as study:
            assert study.origins == 2
    with opened(folder) as study:
        assert study.made_by["code"] == {"a" * 12: 4, "c" * 12: 1}
        assert "come from 2 versions of the code" in page(study)


def test_settings_that_the_rows_do_not_show_tell_runs_apart(folder):
    with Study.open(folder, write=True) as store:
        slow = replace(CELL, momentum=0.5)
        ask(store, [slow], "aspis-sim sweep --momentum 0.5")
        commit(store, slow)
    with opened(folder) as study:
        sheets = sheets_of(study.rows, study.settings)
        assert sheets.schemes == ("aspis (momentum=0.9)", "aspis (momentum=0.5)")
        assert sheets.repeated == 0
        assert sheets_of(study.rows).repeated == 1


def test_what_is_no_study_or_has_no_cells_is_named(tmp_path):
    with pytest.raises(DataError, match=r"is no study: there is no study\.db"), opened(tmp_path):
        pass
    with pytest.raises(InputError, match="there is no study at"), opened(tmp_path / "none"):
        pass
    Study.create(tmp_path / "new").close()
    for rows_only in (False, True):
        with (
            pytest.raises(InputError, match="no cell of the study new has finished"),
            opened(tmp_path / "new", rows_only),
        ):
            pass
