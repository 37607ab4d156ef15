"""What keeps a study from being read or written is told apart: damage, locks, hard links, memory, space, a stop."""

import errno
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from aspis_sim.errors import DataError
from aspis_sim.study import Study, database
from tests.study.made_up import study


def sqlite_error(name, text):
    error = sqlite3.OperationalError(text)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (sqlite_error("SQLITE_PROTOCOL", "locking protocol"), "file locks do not work (locking protocol)"),
        (sqlite_error("SQLITE_IOERR_LOCK", "disk I/O error"), "file locks do not work (disk I/O error)"),
        (sqlite_error("SQLITE_IOERR_SHMMAP", "disk I/O error"), "file locks do not work (disk I/O error)"),
        (sqlite_error("SQLITE_NOMEM", "out of memory"), "no memory left for the study s"),
        (sqlite_error("SQLITE_IOERR_NOMEM", "disk I/O error"), "no memory left for the study s"),
        (MemoryError(), "no memory left for the study s"),
        (sqlite_error("SQLITE_INTERRUPT", "interrupted"), "the study s was interrupted"),
        (sqlite_error("SQLITE_FULL", "database or disk is full"), "no space left for the study s"),
        (sqlite_error("SQLITE_IOERR_READ", "disk I/O error"), "look at the disk"),
        (sqlite_error("SQLITE_CORRUPT", "database disk image is malformed"), "the study s is damaged"),
        (sqlite3.OperationalError("Could not decode to UTF-8 column"), "the study s is damaged"),
    ],
)
def test_what_sqlite_says_is_told_apart_and_only_damage_is_called_so(error, message):
    with pytest.raises(DataError) as caught, database.explained(Path("s")):
        raise error
    told = str(caught.value)
    assert message in told
    assert ("damaged" in told) == ("damaged" in message)
    assert "\n" not in told


def test_an_input_or_output_error_on_a_full_disk_is_called_a_full_disk(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 0))
    with pytest.raises(DataError, match=r"no space left for the study s: .* make room"), database.explained(Path("s")):
        raise sqlite_error("SQLITE_IOERR_SHMSIZE", "disk I/O error")


def test_a_query_that_is_interrupted_is_not_damage(tmp_path):
    with Study.open(study(tmp_path / "study")) as store:
        store.connection.set_progress_handler(lambda: 1, 1)
        with pytest.raises(DataError, match="was interrupted: what was committed is kept"):
            store.rows()
        store.connection.set_progress_handler(None, 0)
        assert len(store.rows()) == 8


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_hard_links_is_named_and_nothing_is_left(tmp_path, monkeypatch, code):
    def refuse(*paths, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(DataError, match=r"cannot make a study in .*: its file system has no hard links .* local disk"):
        Study.create(tmp_path / "study")
    assert list((tmp_path / "study").iterdir()) == []
