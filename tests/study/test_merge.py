"""Merging: shards make the whole, what is there twice must agree, and sources stay as they are."""

from dataclasses import replace

import numpy as np
import pytest

from aspis_sim.errors import DataError
from aspis_sim.records import as_csv
from aspis_sim.run.row import COLUMNS
from aspis_sim.study import Origin, Study
from aspis_sim.study.merge import merge
from tests.study.made_up import GRID, MACHINE, ORIGIN, cells, finished, study


def test_parts_make_the_whole_in_any_order(tmp_path):
    count = len(cells())
    whole = study(tmp_path / "whole")
    parts = [study(tmp_path / str(one), leave_out=set(range(count)) - set(range(one, count, 3))) for one in range(3)]
    before = [(part / "study.db").read_bytes() for part in parts]
    for order in ((0, 1, 2), (2, 0, 1)):
        with Study.create(tmp_path / "".join(map(str, order))) as into:
            merged = [merge(parts[one], into) for one in order]
            assert [one.copied for one in merged] == [len(range(one, count, 3)) for one in order]
            assert not any(one.same or one.conflicts for one in merged)
            with Study.open(whole) as store:
                assert as_csv(into.rows(), tuple(COLUMNS)) == as_csv(store.rows(), tuple(COLUMNS))
                for run in store.runs():
                    for mine, other in zip(into.trace(run.key)[:-1], store.trace(run.key)[:-1], strict=True):
                        np.testing.assert_array_equal(mine, other)
            assert len(into.grids()) == 1
            assert sorted(into.log()) == sorted(entry for part in parts for entry in Study.open(part).log())
            again = merge(parts[0], into)
            assert (again.copied, again.same) == (0, len(range(0, count, 3)))
    assert [(part / "study.db").read_bytes() for part in parts] == before


def test_the_same_run_with_other_results_is_a_conflict_and_the_first_one_stays(tmp_path):
    first, second = study(tmp_path / "first"), study(tmp_path / "second", leave_out={0}, seconds=7.0)
    with Study.open(second, write=True) as store:
        store.commit(*finished(cells()[0], top1=0.9, loss=float("nan")), ORIGIN, MACHINE)
    with Study.open(first, write=True) as into:
        rows = into.rows()
        merged = merge(second, into)
        assert into.rows() == rows
    (conflict,) = merged.conflicts
    assert (merged.copied, merged.same) == (0, len(cells()) - 1)
    assert set(conflict.columns) == {"top1", "loss"}
    assert (conflict.kept.top1, conflict.refused.top1) == (0.1, 0.9)


def test_another_trace_under_the_same_row_is_a_conflict_and_nan_equals_nan(tmp_path):
    cell = cells()[0]
    sent, row = finished(cell, loss=float("nan"))
    assert sent.trace
    other = replace(sent, trace=sent.trace._replace(loss=sent.trace.loss * np.float32(1.0000001)))
    for name, result in (("a", sent), ("b", other), ("c", sent)):
        with Study.create(tmp_path / name) as store:
            store.commit(result, row, ORIGIN, MACHINE)
    with Study.open(tmp_path / "a", write=True) as into:
        assert merge(tmp_path / "c", into).conflicts == ()
        (conflict,) = merge(tmp_path / "b", into).conflicts
    assert conflict.columns == ("trace",)


def test_a_failed_run_gives_way_to_one_that_did_not_fail_and_not_the_other_way_round(tmp_path):
    cell = cells()[0]
    for name, failed in (("bad", True), ("good", False)):
        with Study.create(tmp_path / name) as store:
            store.commit(*finished(cell, failed=failed), ORIGIN, MACHINE)
    for first, second, copied in (("bad", "good", 1), ("good", "bad", 0)):
        with Study.create(tmp_path / f"{first} then {second}") as into:
            merge(tmp_path / first, into)
            assert merge(tmp_path / second, into).copied == copied
            (run,) = into.known()
            assert not run.validation.failed
            assert into.trace(run.key).loss.size == cell.steps


def test_runs_of_other_code_and_other_grids_come_along(tmp_path):
    other = GRID.replaced(q=3)
    study(tmp_path / "one")
    study(tmp_path / "two", other, origin=Origin("newer", "data"))
    with Study.open(tmp_path / "one", write=True) as into:
        merge(tmp_path / "two", into)
        assert [grid["specification"]["q"] for grid in into.grids()] == [[1, 2], [3]]
        assert {(run.row.q, run.origin and run.origin.code) for run in into.runs()} == {
            (1, "code"),
            (2, "code"),
            (3, "newer"),
        }


def test_a_source_that_is_no_study_changes_nothing(tmp_path):
    with Study.open(study(tmp_path / "study"), write=True) as into:
        rows = into.rows()
        for name in ("missing", "damaged"):
            (tmp_path / "damaged").mkdir(exist_ok=True)
            (tmp_path / "damaged/study.db").write_bytes(b"noise" * 2000)
            with pytest.raises(DataError, match=r"no study|damaged"):
                merge(tmp_path / name, into)
        assert into.rows() == rows
        merge(tmp_path / "study", into)
        assert into.rows() == rows
