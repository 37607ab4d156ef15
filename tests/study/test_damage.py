"""What is no study, or no whole one: one message each, and not a byte of it changes."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import pytest

from aspis_sim.errors import DataError
from aspis_sim.study import Study
from tests.study.made_up import GRID, MACHINE, ORIGIN, cells, finished, study

HOSTILE = ["<script>alert(1)</script>", "[bold red]x[/]", "a\x1b[2Jb\nc", "study?mode=memory#%41", "..%2f..", "Ω λ 学"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = study(tmp_path_factory.mktemp("whole") / "study")
    assert [path.name for path in folder.iterdir()] == ["study.db"]
    return folder


def refused(folder, match):
    before = (folder / "study.db").read_bytes()
    for write in (False, True):
        with pytest.raises(DataError, match=match) as caught:
            read_all(folder, write)
        assert "\n" not in str(caught.value)
        assert (folder / "study.db").read_bytes() == before
    assert {path.name for path in folder.iterdir()} <= {"study.db", "study.db-wal", "study.db-shm"}
    assert not (folder / "study.db-wal").exists() or not (folder / "study.db-wal").stat().st_size


def read_all(folder, write):
    with Study.open(folder, write) as store:
        for run in store.runs():
            store.trace(run.key)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_database_that_is_cut_short_is_refused_and_left_alone(whole, tmp_path, share):
    shutil.copytree(whole, tmp_path / "study")
    path = tmp_path / "study/study.db"
    os.truncate(path, int(path.stat().st_size * share))
    refused(tmp_path / "study", "damaged")


@pytest.mark.parametrize("content", [b"x", b"SQLite format 3\0", b"no database" * 1000, b"\0" * 8192])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "study.db").write_bytes(content)
    refused(tmp_path, "damaged|no study")


def test_pages_full_of_noise_give_a_message_or_the_right_rows(whole, tmp_path):
    with Study.open(whole) as store:
        right = store.rows()
    content = (whole / "study.db").read_bytes()
    pages = len(content) // 4096
    draws = random.Random(0)
    messages = []
    for page in range(pages):
        folder = tmp_path / str(page)
        folder.mkdir()
        noisy = content[: page * 4096] + draws.randbytes(4096) + content[(page + 1) * 4096 :]
        (folder / "study.db").write_bytes(noisy)
        try:
            read_all(folder, write=False)
            with Study.open(folder) as store:
                assert store.rows() == right
        except DataError as error:
            messages.append(str(error))
    assert len(messages) > pages / 2
    assert not any("\n" in message for message in messages)


def test_a_database_of_something_else_is_no_study(tmp_path):
    with sqlite3.connect(tmp_path / "study.db") as connection:
        connection.execute("CREATE TABLE runs (key TEXT)")
    connection.close()
    refused(tmp_path, "no study: its study.db was made by something else")


def test_a_newer_format_is_refused(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "study")
    with sqlite3.connect(tmp_path / "study/study.db") as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("UPDATE study SET value = '4' WHERE name = 'format'")
    connection.close()
    refused(tmp_path / "study", "has format 4, this program knows 3")


@pytest.mark.parametrize("name", ["missing", "empty", "file", "file/below", "nul\0", "x" * 300])
def test_a_folder_without_a_study_is_said_to_be_none(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("text")
    for write in (False, True):
        with pytest.raises(DataError, match="is no study"):
            Study.open(tmp_path / name, write)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


def test_a_study_is_not_made_over_another_nor_where_none_can_be(whole, tmp_path):
    before = (whole / "study.db").read_bytes()
    with pytest.raises(DataError, match="holds a study already"):
        Study.create(whole)
    assert (whole / "study.db").read_bytes() == before
    (tmp_path / "file").write_text("text")
    for name in ("file", "file/below", "nul\0", "x" * 300):
        with pytest.raises(DataError, match="cannot make a study in"):
            Study.create(tmp_path / name)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_make_studies_like_any_other_and_harmless_messages(tmp_path, name):
    folder = study(tmp_path / name)
    assert [path.name for path in folder.iterdir()] == ["study.db"]
    for write in (False, True):
        with Study.open(folder, write) as store:
            assert len(store.rows()) == 8
            with pytest.raises(DataError, match="has no run") as caught:
                store.trace(f"key of {name}")
            assert str(caught.value).isprintable()
    os.truncate(folder / "study.db", 100)
    with pytest.raises(DataError, match="damaged") as caught:
        Study.open(folder)
    assert str(caught.value).isprintable()


READ_ONLY = """
import os, sys
from pathlib import Path
from aspis_sim.errors import DataError
from aspis_sim.study import Study
os.chdir("/")
if os.geteuid() == 0:
    os.setuid(65534)
folder = Path(sys.argv[1])
with Study.open(folder) as store:
    print(len(store.rows()))
for attempt in (lambda: Study.open(folder, write=True), lambda: Study.create(folder / "below")):
    try:
        attempt()
        print("no error")
    except DataError as error:
        print(error)
"""


@pytest.mark.parametrize("left", [(), ("study.db-wal", "study.db-shm")], ids=["clean", "after a reader"])
def test_a_folder_that_cannot_be_written_can_be_read_and_says_so(whole, left):
    place = tempfile.mkdtemp()
    try:
        folder = os.path.join(place, "study")
        os.mkdir(folder)
        shutil.copy(whole / "study.db", folder)
        for name in left:
            open(os.path.join(folder, name), "wb").close()
        os.chmod(place, 0o755)
        os.chmod(os.path.join(folder, "study.db"), 0o444)
        os.chmod(folder, 0o555)
        done = subprocess.run([sys.executable, "-c", READ_ONLY, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        rows, opened, made = done.stdout.splitlines()
        assert rows == "8"
        assert "cannot be written here" in opened
        assert made.startswith(f"cannot make a study in {folder}/below: Permission denied")
    finally:
        os.chmod(folder, 0o755)
        shutil.rmtree(place)


def test_when_no_space_is_left_what_was_committed_stays_and_one_can_go_on(tmp_path):
    runs = cells()
    with Study.create(tmp_path / "study") as store:
        store.asked.add(GRID, GRID.groups())
        store.commit(*finished(runs[0]), ORIGIN, MACHINE)
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages}")

        def commit_all():
            for cell in runs:
                store.commit(*finished(cell), ORIGIN, MACHINE)

        with pytest.raises(DataError, match=r"no space left for the study .*: all cells that were committed are kept"):
            commit_all()
        kept = len(store.known())
        assert 0 < kept < len(runs)
        assert len(store.log()) == kept
        store.connection.execute("PRAGMA max_page_count = 1000000")
        commit_all()
        assert len(store.known()) == len(store.log()) == len(runs)
