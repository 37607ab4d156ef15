"""``verify --stored``: every checksum of a study, without running a cell; what is damaged is named."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from aspis_sim.analysis import verification
from tests.cli.program import invoke, one_line, refused, rows
from tests.study.made_up import study
from tests.study.test_checksums import FORMER, change


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "train", lambda *arguments: pytest.fail("a cell was run"))
    return study(tmp_path / "study")


def test_a_whole_study_is_said_to_be_whole(folder):
    assert one_line(invoke("verify study --stored").stdout) == "16 stored runs: nothing is damaged."
    found = invoke("verify study --stored --format csv")
    assert rows(found.stdout) == []
    assert "16 stored runs: nothing is damaged." in found.stderr
    assert json.loads(invoke("verify study --stored --format json").stdout) == []


def test_all_that_is_damaged_is_named_and_the_exit_code_is_3(folder):
    change(folder, "UPDATE results SET row = replace(row, '0.5', '0.6') WHERE run = 3")
    change(folder, "UPDATE traces SET curve = '[]' WHERE run = 4", "UPDATE machines SET host = 'nowhere'")
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        keys = [key[:16] for (key,) in connection.execute("SELECT key FROM runs ORDER BY id")]
    problem = "is not what was written (its checksum differs)"
    expected = [
        f"the machine 1 {problem}",
        f"the row of run {keys[2]} {problem}",
        f"the trace of run {keys[3]} {problem}",
    ]
    found = invoke("verify study --stored --format csv --out found.csv", code=3)
    assert [row["problem"] for row in rows(found.stdout)] == expected
    assert "16 stored runs: 3 damages found." in found.stderr
    shown = one_line(invoke("verify study --stored", code=3).stdout)
    assert all(one in shown for one in expected)


def test_many_damages_are_counted_on_a_terminal_and_listed_in_a_file(folder):
    change(folder, "UPDATE results SET row = ' ' || row", "UPDATE traces SET curve = '[]'")
    shown = one_line(invoke("verify study --stored", code=3).stdout)
    assert "and 12 more" in shown
    assert shown.count("of run") == 20
    assert len(rows(invoke("verify study --stored --format csv", code=3).stdout)) == 32


def test_runs_of_an_earlier_format_are_counted_as_unchecked_and_later_as_late(tmp_path):
    shutil.copytree(FORMER, tmp_path / "former")
    told = one_line(invoke("verify former --stored").stdout)
    assert "stored runs: nothing is damaged." in told
    assert "of them have no checksum, since the study has an earlier format" in told
    invoke("sweep --study former --add-seeds 1 --dry-run")
    invoke("merge former --into whole")
    told = one_line(invoke("verify whole --stored").stdout)
    assert "got their checksum when the study was taken over from an earlier format" in told


def test_a_csv_has_no_checksums(tmp_path):
    (tmp_path / "out.csv").write_text("a\n")
    assert "out.csv is a file: only a study's folder has checksums" in refused("verify out.csv --stored")
    assert "is no study" in refused("verify nothing --stored", code=3)
