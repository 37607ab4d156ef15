"""Paths that cannot be read, or have no end: one message and exit code 2 or 3; and users without a home folder."""

import errno
import os
import pwd

import pytest
from aspis_sim_cli import cache

from aspis_sim import files
from aspis_sim.data import search
from aspis_sim.errors import InputError
from aspis_sim.study import study
from tests.cli.program import invoke, refused

LONG = "x" * 300

READ = {
    "report": "report {}",
    "compare": "compare {} {}",
    "verify": "verify {}",
    "export": "export {}",
    "plot": "plot accuracy {} --out a.png",
    "data": "data status --data-dir {}",
    "merge": "merge {} --into whole",
    "study": "sweep --study {}",
    "log": "sweep --json-log {}/log",
    "board": "sweep --tensorboard {}/events",
}
"""Commands that look at a path which the system does not take."""


@pytest.mark.parametrize("words", READ.values(), ids=READ.keys())
def test_a_name_that_is_too_long_is_said(words):
    result = invoke(words.replace("{}", LONG), code=3 if words.startswith(("merge", "sweep --study")) else 2)
    assert result.stdout == ""
    assert "File name too long" in result.stderr
    assert len(result.stderr.splitlines()) <= 2


ENDLESS = ("report {}", "compare {} {}", "distortion --groups {}", "detect --groups {} --q 1", "verify {}")


@pytest.mark.parametrize("words", [*ENDLESS, "sweep --config {}"])
def test_a_device_without_an_end_is_not_read_for_ever(words, monkeypatch):
    monkeypatch.setattr(files, "DEVICE", 3_000_000)
    said = invoke(words.replace("{}", "/dev/zero"), code=2).stderr
    limit = "1,000,000" if "config" in words else "3,000,000"
    assert f"larger than {limit} bytes" in said
    assert len(said.splitlines()) <= 2


@pytest.mark.parametrize("words", [*ENDLESS, "sweep --config {}"])
def test_a_pipe_that_nobody_writes_into_is_not_waited_for(words, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.05)
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe into which nothing is written" in invoke(words.replace("{}", "pipe"), code=2).stderr


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [(errno.EACCES, "there", 2), (errno.ENAMETOOLONG, "y" * 999, 2), (errno.ENOSPC, "there", 3), (errno.EIO, None, 3)],
)
def test_what_the_system_refuses_in_the_midst_of_a_command_is_one_line(number, name, code, monkeypatch):
    def opened(*arguments, **options):
        raise OSError(number, os.strerror(number), name)

    monkeypatch.setattr(study.Study, "open_or_create", opened)
    said = refused("sweep --study there", code=code, lines=1)
    assert os.strerror(number) in said
    assert ("there" in said) == (name == "there")
    assert len(said) < 200
    monkeypatch.setenv("ASPIS_DEBUG", "1")
    with pytest.raises(OSError, match=os.strerror(number)):
        raise invoke_raw("sweep --study there")


def invoke_raw(words):
    """What the program raises."""
    from tests.cli.program import run

    return run(words).exception


@pytest.fixture
def homeless(monkeypatch):
    """A user without a home folder, as an account of a container may be."""

    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("ASPIS_CACHE_DIR")
    monkeypatch.setattr(pwd, "getpwuid", nobody)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_everything_runs_that_needs_none(monkeypatch):
    invoke("train --scheme median --q 1 --workers 7 --steps 2 --samples-per-file 2 --model softmax --lr 0.1 --quiet")
    assert "digits" in invoke("data status").stdout
    assert search.user_folder() is None
    assert cache.folder() is None
    assert "there is no home folder to keep data sets in; name a folder with --data-dir" in refused("data fetch mnist")
    monkeypatch.setenv("ASPIS_DATA_DIR", "~/data")
    assert "ASPIS_DATA_DIR=~/data: there is no such home folder" in refused("data status")
    monkeypatch.setenv("ASPIS_CACHE_DIR", "~/cache")
    assert cache.folder() is None
    monkeypatch.delenv("ASPIS_DATA_DIR")
    with pytest.raises(InputError, match="no home folder"):
        search.download_folder()
