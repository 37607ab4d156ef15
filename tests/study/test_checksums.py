"""Checksums: what is not what was written is refused when it is read, whatever it is, and named."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aspis_sim.errors import DataError
from aspis_sim.study import Study
from aspis_sim.study.claims import myself, take
from aspis_sim.study.merge import merge
from benchmarks.flip_study import everything, flipped
from tests.study.made_up import GRID, MACHINE, ORIGIN, cells, finished, sealed, study

FORMER = Path(__file__).with_name("former")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return study(tmp_path_factory.mktemp("whole") / "study")


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "study")


def change(folder, *queries, seal=False):
    with closing(sqlite3.connect(folder / "study.db")) as connection, connection:
        for query in queries:
            assert connection.execute(query).rowcount > 0
        if seal:
            sealed(connection)


def without_checksums(folder):
    """The study as the former format has it."""
    with closing(sqlite3.connect(folder / "study.db")) as connection, connection:
        connection.execute("DROP TABLE run_checksums")
        connection.execute("DROP TABLE checksums")
        connection.execute("UPDATE study SET value = '2' WHERE name = 'format'")
    return folder


def key_of(folder, run=3):
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        return connection.execute("SELECT key FROM runs WHERE id = ?", (run,)).fetchone()[0]


def test_of_single_flipped_bits_none_changes_anything_unseen(folder):
    counts, examples = flipped(folder, 400, seed=1)
    assert examples == []
    assert counts["unchanged"] + counts["refused"] == 400
    assert min(counts["unchanged"], counts["refused"]) > 30


CHANGES = {
    "a figure of a row": ("UPDATE results SET row = replace(row, '0.5', '0.6') WHERE run = 3", "the row of run KEY"),
    "rows exchanged": (
        "UPDATE results SET row = (SELECT row FROM results WHERE run = 4) WHERE run = 3",
        "the row of run KEY",
    ),
    "a row that is missing": ("DELETE FROM results WHERE run = 3", "the row of run"),
    "contents of a trace": ("UPDATE traces SET packed = zeroblob(9) WHERE run = 3", "the trace of run KEY"),
    "type of a trace": (
        "UPDATE traces SET arrays = replace(arrays, '<f4', '<i4') WHERE run = 3",
        "the trace of run KEY",
    ),
    "a point of a curve": (
        "UPDATE traces SET curve = replace(curve, '0.25', '0.35') WHERE run = 3",
        "the trace of run KEY",
    ),
    "traces exchanged": (
        "UPDATE traces SET (arrays, packed, curve) = (SELECT '[]', x'789c030000000001', '[]') WHERE run = 3",
        "the trace of run KEY",
    ),
    "a learning rate": ("UPDATE runs SET lr = 0.3 WHERE id = 3", "the run KEY"),
    "a seed": ("UPDATE runs SET seed = '7' WHERE id = 3", "the run KEY"),
    "a score on validation data": ("UPDATE runs SET validation_top1 = 0.9 WHERE id = 3", "the run KEY"),
    "a time": ("UPDATE runs SET finished = '2000' WHERE id = 3", "the run KEY"),
    "a run that is missing": ("DELETE FROM runs WHERE id = 3", "1 runs are missing"),
    "a setting of a group": ("UPDATE groups SET cell = replace(cell, '0.9', '0.8')", "the group"),
    "a group that is missing": ("DELETE FROM groups", "the group"),
    "the code": ("UPDATE origins SET code = 'edoc'", "the origin 1"),
    "the host": ("UPDATE machines SET host = 'nowhere'", "the machine 1"),
    "a grid": ("UPDATE grids SET specification = replace(specification, '[0,1]', '[0,2]')", "the grid 1"),
    "a grid that is missing": ("DELETE FROM grids", "the grid 1 is missing"),
    "the order of the rows": ("UPDATE members SET position = position + 9 WHERE position = 0", "the grid 1"),
    "cells that are missing": ("DELETE FROM members WHERE position = 3", "the grid 1"),
    "a command": ("UPDATE commands SET words = 'no'", "the grid 1"),
    "a checksum that is missing": ("DELETE FROM run_checksums WHERE run = 3", "the run KEY… has no checksum"),
    "the format": ("UPDATE study SET value = '2' WHERE name = 'format'", "does not go with its tables"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_anything_is_refused_and_named(folder, name):
    query, message = CHANGES[name]
    message = message.replace("KEY", key_of(folder)[:16]).replace("… ", " ")
    change(folder, query)
    with pytest.raises(DataError, match=f"the study .* is damaged: .*{message}.*nothing was changed") as caught:
        everything(folder)
    assert str(caught.value).isprintable()
    if name == "the format":
        return
    with Study.open(folder) as store:
        found = list(store.damages())
        assert any(message in problem or "checksum differs" in problem for problem in found)
        with pytest.raises(DataError, match="is damaged"):
            store.verify()
    with Study.create(folder.parent / "into") as into, pytest.raises(DataError, match="is damaged"):
        merge(folder, into)


def test_a_whole_study_has_nothing_to_tell(folder):
    with Study.open(folder) as store:
        assert list(store.damages()) == []
        assert store.counted() == (len(cells()), 0)


MALFORMED = {
    "no JSON": ("UPDATE results SET row = '{' WHERE run = 3", "row of run KEY"),
    "no object": ("UPDATE results SET row = '[1, 2]' WHERE run = 3", "row of run KEY"),
    "an unknown column": ("UPDATE results SET row = '{\"x\": 1}' WHERE run = 3", "row of run KEY"),
    "a number for a text": ("UPDATE results SET row = 12 WHERE run = 3", "row of run KEY"),
    "bytes for a text": ("UPDATE results SET row = x'ff00' WHERE run = 3", "row of run KEY"),
    "a text for a figure": ("UPDATE results SET row = json_set(row, '$.loss', 'abc') WHERE run = 3", "row of run KEY"),
    "no status": ("UPDATE results SET row = json_remove(row, '$.status') WHERE run = 3", "row of run KEY"),
    "a list for a figure": (
        "UPDATE results SET row = json_set(row, '$.loss', json('[1]')) WHERE run = 3",
        "row of run KEY",
    ),
    "a curve that is none": ("UPDATE traces SET curve = '[3]' WHERE run = 3", "trace of run KEY"),
    "a step beyond all": ("UPDATE traces SET curve = '[[1e999, 1, 1]]' WHERE run = 3", "trace of run KEY"),
    "shapes beyond all": (
        "UPDATE traces SET arrays = '[[\"loss\", \"<f4\", [1e999]]]' WHERE run = 3",
        "trace of run KEY",
    ),
    "a group that is none": ("UPDATE groups SET cell = '7'", "row of run"),
    "a grid that is none": ("UPDATE grids SET specification = '[[]]'", "grid 1"),
    "seeds that are none": ("UPDATE grids SET specification = json_set(specification, '$.seed', json('[]'))", "grid 1"),
    "versions that are none": ("UPDATE machines SET versions = '[1]'", "machine 1"),
    "a score that is none": ("UPDATE runs SET validation_top1 = 'x'", "grid 1"),
}  # fmt: skip


@pytest.mark.parametrize("checked", [True, False], ids=["with checksums", "without"])
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_value_is_one_message_that_names_it_with_and_without_checksums(folder, name, checked):
    query, message = MALFORMED[name]
    change(folder, query, seal=True)
    if not checked:
        without_checksums(folder)
    with pytest.raises(DataError, match=f"is damaged: the {message.replace('KEY', key_of(folder)[:16])}"):
        everything(folder)


def test_a_text_that_is_no_utf8_is_damage(folder):
    change(folder, "UPDATE results SET row = CAST(x'7bff' AS TEXT) WHERE run = 3")
    with pytest.raises(DataError, match="is damaged"):
        everything(folder)


def test_a_claim_that_cannot_be_read_is_named(folder):
    with Study.open(folder, write=True) as store:
        for process, beat in (("1", 0), ("x 1 y", 0)):
            values = ("k", myself().host, process, beat)
            store.connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)", values)
            with pytest.raises(DataError, match="is damaged: the claim of run k cannot be read"), store.reading():
                take(store.connection, "k", myself())


def test_a_study_without_checksums_is_read_and_taken_over_when_it_is_written_to(whole, folder):
    right = everything(whole)
    without_checksums(folder)
    content = (folder / "study.db").read_bytes()
    assert everything(folder) == right
    with Study.open(folder) as store:
        assert (store.checked, list(store.damages())) == (False, [])
    assert (folder / "study.db").read_bytes() == content
    with Study.open(folder, write=True) as store:
        assert store.checked
        assert store.counted() == (16, 16)
        store.commit(*finished(cells(GRID.replaced(momentum=0.5))[0]), ORIGIN, MACHINE)
        assert store.counted() == (17, 16)
        assert list(store.damages()) == []
    change(folder, "UPDATE results SET row = replace(row, '0.5', '0.6') WHERE run = 3")
    with pytest.raises(DataError, match="is not what was written"):
        everything(folder)


def test_what_an_earlier_version_wrote_is_taken_over_as_it_is(tmp_path):
    folder = shutil.copytree(FORMER, tmp_path / "study")
    right = everything(folder)
    Study.open(folder, write=True).close()
    assert everything(folder) == right
    with Study.open(folder) as store:
        runs, late = store.counted()
        assert (store.checked, runs == late, runs > 50) == (True, True, True)


def test_merging_says_of_which_runs_the_checksums_are_late(whole, tmp_path):
    former = without_checksums(shutil.copytree(whole, tmp_path / "former"))
    with Study.create(tmp_path / "into") as into:
        merge(former, into)
        assert into.counted() == (16, 16)
        assert list(into.damages()) == []
    with Study.create(tmp_path / "again") as again:
        merge(tmp_path / "into", again)
        assert again.counted() == (16, 16)
    with Study.create(tmp_path / "sound") as sound:
        merge(whole, sound)
        assert sound.counted() == (16, 0)
