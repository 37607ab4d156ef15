"""A study's folder as its figures see it: rows and curves as committed, commands, versions, and hidden settings."""

from dataclasses import replace

import numpy as np
import pytest

from aspis_sim.analysis.tables import tables_of
from aspis_sim.errors import DataError, InputError
from aspis_sim.report.page import page
from aspis_sim.report.source import opened
from aspis_sim.run.rate import Validation
from aspis_sim.run.row import settings_of
from aspis_sim.run.train import Result
from aspis_sim.simulation import Score, Trace
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study import Machine, Origin, Study
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
    outcome = {"top1": None, "loss": None, "status": "failed: x"} if failed else {"top1": 0.8}
    row = row_of(**settings_of(cell) | {"strength": 1.0} | outcome)
    run = timeline_of(row)
    result = Result(
        cell,
        Validation(0.8, 1.0, failed),
        failure="x" if failed else "",
        trace=None if failed else Trace(*(getattr(run, name) for name in Trace._fields)),
        curve=() if failed else tuple((step, Score(top1, loss)) for step, top1, loss in run.curve),
        seconds=1.0,
    )
    store.commit(result, row, Origin(code * 64, "b" * 64), Machine(VERSIONS, "cpu", host))
    return row


def ask(store, cells, command):
    q, momentum = [cell.q for cell in cells], cells[0].momentum
    grid = Grid.of(scheme="aspis", q=q, lr=0.1, seed=(0, 1), steps=cells[0].steps, momentum=momentum)
    store.asked.add(grid, [Replicates(cell, (0.1,), (0, 1)) for cell in cells], command)


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
        assert study.rows == whole.rows
        assert len(study.rows) == 4
        assert not study.traced
        assert study.timeline(0) is None


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


def test_every_setting_of_a_run_tells_it_apart(folder):
    with Study.open(folder, write=True) as store:
        slow = replace(CELL, momentum=0.5)
        ask(store, [slow], "aspis-sim sweep --momentum 0.5")
        commit(store, slow)
    for rows_only in (False, True):
        with opened(folder, rows_only) as study:
            assert [row.momentum for row in study.rows] == [0.9] * 4 + [0.5]
            tables = tables_of(study.rows)
            assert tables.schemes == ("aspis (momentum=0.9)", "aspis (momentum=0.5)")
            assert tables.repeated == 0
    with opened(folder) as study:
        assert study.commands == ("aspis-sim sweep --q 1..2", "aspis-sim sweep --momentum 0.5")
        assert 'id="filter-momentum"' in page(study)


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
