"""What a study keeps: rows, runs and traces come back as they were, in the grid's order, and each run whole."""

import subprocess
import sys
from dataclasses import replace
from math import inf, isnan, nan

import numpy as np
import pytest

from aspis_sim.errors import DataError
from aspis_sim.records import as_csv
from aspis_sim.run.row import COLUMNS
from aspis_sim.study import Machine, Origin, Study
from aspis_sim.study.trace_codec import pack, unpack
from tests.study.made_up import GRID, MACHINE, ORIGIN, cells, finished, study


def test_rows_are_those_of_the_chosen_rate_in_the_grids_order_whatever_the_order_of_the_commits(tmp_path):
    rng = np.random.default_rng(0)
    texts = set()
    for number in range(3):
        with Study.create(tmp_path / str(number)) as store:
            store.asked.add(GRID, GRID.groups())
            runs = cells()
            for place in rng.permutation(len(runs)):
                store.commit(*finished(runs[place], top1=runs[place].lr), ORIGIN, MACHINE)
            texts.add(as_csv(store.rows(), tuple(COLUMNS)))
    (text,) = texts
    rows = [line.split(",") for line in text.splitlines()[1:]]
    assert [(row[6], row[0], row[18], row[17]) for row in rows] == [
        (q, scheme, seed, "0.2") for q in "12" for scheme in ("median", "detox") for seed in "01"
    ]


def test_nothing_is_a_result_before_the_search_for_its_rate_has_ended(tmp_path):
    with Study.create(tmp_path / "study") as store:
        store.asked.add(GRID, GRID.groups())
        first = [cell for cell in cells() if (cell.scheme, cell.q) == ("median", 1)]
        by_rate = {(cell.lr, cell.seed): cell for cell in first}
        store.commit(*finished(by_rate[0.1, 0], top1=0.9), ORIGIN, MACHINE)
        store.commit(*finished(by_rate[0.1, 1], top1=0.9), ORIGIN, MACHINE)
        assert store.rows() == []
        store.commit(*finished(by_rate[0.2, 0], failed=True), ORIGIN, MACHINE)
        assert [(row.lr, row.seed) for row in store.rows()] == [(0.1, 0), (0.1, 1)]


@pytest.mark.parametrize("value", [nan, inf, -inf, 0.1 + 0.2, 5e-324, -0.0, 1e22])
def test_a_row_comes_back_to_the_last_bit_and_type(tmp_path, value):
    cell = cells()[0]
    with Study.create(tmp_path / "study") as store:
        store.asked.add(GRID, GRID.groups())
        result, sent = finished(cell, loss=value)
        store.commit(result, sent, ORIGIN, MACHINE)
        store.commit(*finished(replace(cell, lr=0.2), failed=True), ORIGIN, MACHINE)
        (row,) = store.rows()
    assert repr(dict(row)) == repr(dict(sent))


def test_a_run_says_where_a_row_comes_from_and_its_trace_and_cell_are_those_of_the_run(tmp_path):
    with Study.open(study(tmp_path / "study")) as store:
        runs = store.runs()
        assert [run.row for run in runs] == store.rows()
        run = runs[0]
        assert run.machine == Machine({"jax": "1", "python": "3"}, "cpu", "somewhere")
        assert (run.seconds, run.origin) == (0.5, ORIGIN)
        assert run.finished.endswith("+00:00")
        cell = store.cell(run.key)
        assert cell == next(one for one in cells() if (one.lr, one.seed) == (0.2, 0))
        trace, (sent, _) = store.trace(run.key), finished(cell)
        assert sent.trace
        for name, part in sent.trace._asdict().items():
            np.testing.assert_array_equal(getattr(trace, name), part)
            assert getattr(trace, name).dtype == part.dtype
        assert trace.curve[0] == (3, 0.25, 2.5)
        assert trace.curve[1][:2] == (6, None)
        assert isnan(trace.curve[1][2])


def test_a_run_is_committed_once_and_only_a_failed_one_gives_way(tmp_path):
    cell = cells()[0]
    with Study.create(tmp_path / "study") as store:
        key = store.commit(*finished(cell, failed=True), ORIGIN, MACHINE)
        assert store.trace(key).loss.size == 0
        assert store.commit(*finished(cell, top1=0.25), ORIGIN, MACHINE) == key
        assert store.commit(*finished(cell, top1=0.75), ORIGIN, MACHINE) == key
        assert [run.validation.top1 for run in store.known()] == [0.25]
        assert [event for _, event, _ in store.log()] == ["failed", "committed"]


def test_of_two_origins_the_last_one_committed_counts_and_both_stay(tmp_path):
    cell = cells()[0]
    with Study.open(study(tmp_path / "study"), write=True) as store:
        before = len(store.known())
        store.commit(*finished(replace(cell, lr=0.2), top1=0.33), Origin("newer", "data"), MACHINE)
        assert len(store.known()) == before + 1
        assert store.rows()[0].top1 == 0.33
        assert [run.origin and run.origin.code for run in store.runs()[:2]] == ["newer", "code"]


def test_two_grids_give_each_cell_once_and_say_who_asked(tmp_path):
    other = GRID.replaced(q=(2, 3))
    folder = study(tmp_path / "study")
    with Study.open(folder, write=True) as store:
        rows = store.rows()
        store.asked.add(other, other.groups(), "aspis-sim sweep --q 2,3")
        store.asked.add(GRID, GRID.groups(), "aspis-sim sweep --again")
        store.asked.add(GRID, GRID.groups(), "aspis-sim sweep --again")
        assert store.rows() == rows
        assert store.rows([2]) == [row for row in rows if row.q == 2]
        first, second = store.grids()
    assert first["commands"] == ["aspis-sim sweep", "aspis-sim sweep --again"]
    assert second["specification"]["q"] == [2, 3]


def test_a_grid_that_grows_into_another_becomes_one_with_it(tmp_path):
    more = GRID.replaced(seed=(0, 1, 2))
    with Study.open(study(tmp_path / "study"), write=True) as store:
        number = store.asked.add(more, more.groups(), "more")
        assert store.asked.replace(1, more, more.groups(), "grown") == number
        (grid,) = store.grids()
        assert set(grid["commands"]) == {"aspis-sim sweep", "more", "grown"}
        assert len(store.rows()) == 8


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"a": np.zeros((0, 3), np.int8), "b": np.array([True, False])},
        {"a": np.arange(6).reshape(2, 3)[:, ::-1], "b": np.array(2.5)},
        {"a": np.array([nan, inf, -0.0], ">f8")},
    ],
    ids=["none", "empty", "strided", "big-endian"],
)
def test_arrays_come_out_as_they_went_in(arrays):
    found = unpack(*pack(arrays))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_numbers_of_half_precision_are_widened_without_loss():
    import ml_dtypes

    narrow = np.array([1.0, -2.5, 3e38], ml_dtypes.bfloat16)
    (wide,) = unpack(*pack({"loss": narrow})).values()
    assert wide.dtype == np.float32
    np.testing.assert_array_equal(wide, narrow.astype(np.float32))


@pytest.mark.parametrize(
    ("heads", "content"),
    [
        ('[["a", "<f4", [3]]]', pack({"a": np.zeros(2, "<f4")})[1]),
        ('[["a", "<f4", [1]]]', pack({"a": np.zeros(2, "<f4")})[1]),
        ('[["a", "|O", [2]]]', pack({"a": np.zeros(2, "<f8")})[1]),
        ('[["a", "<f4", [-1, -2]]]', pack({"a": np.zeros(2, "<f4")})[1][:-4]),
        ("no JSON", b""),
        ('[["a", "<f4", [2]]]', b"no zlib"),
        ("[7]", b""),
    ],
)
def test_a_damaged_trace_is_an_error_and_nothing_is_run(heads, content):
    with pytest.raises(DataError, match="a trace is damaged"):
        unpack(heads, content)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from aspis_sim.study import Study
from tests.study.made_up import MACHINE, ORIGIN, cells, finished

folder = Path(sys.argv[1])
ended = [finished(cell) for cell in cells()[:3]]
Study.create(folder).close()
statement = 0
while True:
    statement += 1
    child = os.fork()
    if not child:
        left = statement

        def count(text):
            global left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        store = Study.open(folder, write=True)
        store.connection.set_trace_callback(count)
        store.commit(*ended[0], ORIGIN, MACHINE)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    with Study.open(folder) as store:
        runs = store.known()
        print(statement, len(runs), len(store.log()), len(store.connection.execute("SELECT * FROM results").fetchall()))
        if runs:
            store.trace(runs[0].key)
    if runs:
        break
"""


def test_a_process_killed_at_any_statement_of_a_commit_leaves_all_of_the_run_or_nothing(tmp_path, request):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "study"), str(request.config.rootpath)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *killed, last = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(killed) > 8
    assert {one[1:] for one in killed} == {(0, 0, 0)}
    assert last[1:] == (1, 1, 1)
