"""A study from the command line: it goes on where it stopped, grows, is shared, cut up and merged, and survives."""

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from aspis_sim_cli.app import app
from typer.testing import CliRunner

from aspis_sim.run.executors import threads
from aspis_sim.study import Study
from aspis_sim.study import fingerprint as key
from benchmarks import kill_study

SMALL = "sweep --workers 7 --q 1,3 --scheme aspis,median --steps 6 --samples-per-file 2 --model softmax --format csv"
CELLS = 8
"""Of SMALL with two seeds."""


def invoke(words, code=0):
    words = words.split() if isinstance(words, str) else words
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result


def fields(text):
    """The fields of a CSV, without the seconds."""
    header, *rows = csv.reader(io.StringIO(text))
    own = header.index("seconds")
    return [row[:own] + row[own + 1 :] for row in (header, *rows)]


@pytest.fixture
def trained(monkeypatch):
    """The cells that are trained, in the order in which they begin."""
    begun = []
    run = threads.train

    def note(cell, *arguments):
        begun.append(cell)
        return run(cell, *arguments)

    monkeypatch.setattr(threads, "train", note)
    return begun


def test_a_study_gives_the_rows_of_a_sweep_and_runs_nothing_twice(trained):
    plain = invoke(f"{SMALL} --seeds 0,1").stdout
    trained.clear()
    first = invoke(f"{SMALL} --seeds 0,1 --study s")
    assert fields(first.stdout) == fields(plain)
    assert f"0 of {CELLS} cells were there already" in first.stderr
    assert len(trained) == len(set(trained)) == CELLS + 4
    trained.clear()
    for words in (f"{SMALL} --seeds 0,1 --study s", "sweep --study s --format csv", "export s --format csv"):
        again = invoke(words)
        assert again.stdout == first.stdout
        assert trained == []
    assert f"{CELLS} of {CELLS} cells were there already" in invoke("sweep --study s").stderr


def test_other_options_add_to_a_study_and_none_mean_all_of_it(trained):
    invoke(f"{SMALL} --seeds 0 --lr 0.1 --study s")
    trained.clear()
    added = invoke(f"{SMALL} --seeds 0 --lr 0.1 --attack weak --study s").stdout
    assert {cell.attack for cell in trained} == {"weak"}
    assert {row[7] for row in fields(added)[1:]} == {"weak"}
    whole = invoke("sweep --study s --format csv").stdout
    assert [row[7] for row in fields(whole)[1:]] == ["strong"] * 4 + ["weak"] * 4
    with Study.open(Path("s")) as store:
        first, second = store.grids()
    assert first["commands"][0] == (
        "aspis-sim sweep --q 1,3 --scheme aspis,median --lr 0.1 --seeds 0 --workers 7 --model softmax "
        "--samples-per-file 2 --steps 6 --study s --format csv"
    )
    assert second["specification"]["attacks"] == ["weak"]


def test_added_seeds_take_the_rate_of_the_first_and_make_the_study_that_has_them_all(trained):
    invoke(f"{SMALL} --seeds 0,1 --study s")
    with Study.open(Path("s")) as store:
        rates = {(row.scheme, row.q): row.lr for row in store.rows()}
    trained.clear()
    grown = invoke("sweep --study s --add-seeds 2 --format csv").stdout
    assert {cell.seed for cell in trained} == {2, 3}
    assert len(trained) == 8
    assert all(cell.lr == rates[cell.scheme, cell.q] for cell in trained)
    assert fields(grown) == fields(invoke(f"{SMALL} --seeds 0..3").stdout)
    assert invoke("sweep --study s --format csv").stdout == grown


def test_what_failed_runs_again_only_when_asked(monkeypatch, trained):
    works = threads.train

    def break_one(cell, *arguments):
        if (cell.scheme, cell.q) == ("median", 3):
            raise RuntimeError("the machine is on fire")
        return works(cell, *arguments)

    monkeypatch.setattr(threads, "train", break_one)
    invoke(f"{SMALL} --seeds 0,1 --lr 0.1 --study s", code=4)
    monkeypatch.setattr(threads, "train", works)
    trained.clear()
    assert "2 cells failed: RuntimeError: the machine is on fire" in invoke("sweep --study s", code=4).stderr
    assert trained == []
    mended = invoke("sweep --study s --only-failed --format csv")
    assert sorted((cell.scheme, cell.q, cell.seed) for cell in trained) == [("median", 3, 0), ("median", 3, 1)]
    assert "0 of 2 cells were there already" in mended.stderr
    assert fields(mended.stdout) == fields(invoke(f"{SMALL} --seeds 0,1 --lr 0.1").stdout)
    trained.clear()
    invoke("sweep --study s --only-failed")
    assert trained == []


def test_runs_of_another_version_are_never_mixed_in_unasked(monkeypatch, trained):
    words = f"{SMALL} --seeds 0,1 --lr 0.1 --study s"
    first = invoke(words).stdout
    monkeypatch.setattr(key, "code_version", lambda: "another")
    trained.clear()
    refused = invoke(words, code=2)
    assert f"{CELLS} runs of the study s come from other code or other data" in refused.stderr
    assert refused.stdout == ""
    assert invoke(f"{words} --other-version keep").stdout == first
    assert trained == []
    again = invoke(f"{words} --other-version rerun").stdout
    assert len(trained) == CELLS
    assert fields(again) == fields(first)
    with Study.open(Path("s")) as store:
        assert {record.origin.code for record in store.runs()} == {"another"}
        assert len(store.runs()) == 2 * CELLS
    trained.clear()
    assert invoke(words).stdout == again
    assert trained == []


def test_an_export_says_when_rows_come_from_two_versions(monkeypatch):
    invoke(f"{SMALL} --q 1 --seeds 0 --lr 0.1 --study s")
    monkeypatch.setattr(key, "code_version", lambda: "another")
    invoke(f"{SMALL} --q 1 --seeds 0,1 --lr 0.1 --study s --other-version keep")
    assert "come from 2 versions of the code or the data" in invoke("export s --format csv").stderr


def test_curves_are_kept_at_a_tenth_of_the_steps_or_as_asked():
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --steps 20 --study s")
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --steps 21 --every 8 --study s")
    with Study.open(Path("s")) as store:
        curves = [store.trace(record.key).curve for record in store.runs()]
        last = [record.row for record in store.runs()]
    assert [[step for step, _, _ in curve] for curve in curves] == [list(range(2, 21, 2)), [8, 16, 21]]
    assert [curve[-1][1:] for curve in curves] == [(row.top1, row.loss) for row in last]


def test_a_dry_run_makes_no_study_and_says_what_is_left_of_one(tmp_path):
    invoke(f"{SMALL} --seeds 0 --study s --dry-run --format json")
    assert not (tmp_path / "s").exists()
    invoke(f"{SMALL} --scheme median --seeds 0 --lr 0.1 --study s")
    before = (tmp_path / "s/study.db").read_bytes()
    said = json.loads(invoke(f"{SMALL} --seeds 0 --lr 0.1 --study s --dry-run --format json").stdout)
    assert [one["schemes"] for one in said["programs"]] == ["aspis"]
    assert "nothing is left to run" in invoke("sweep --study s --dry-run").stderr
    assert (tmp_path / "s/study.db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--only-failed", "--only-failed is about a study: name its folder with --study"),
        ("--shard 1/2", "--shard is about a study"),
        ("--study s --shard 3/2", "--shard 3/2: write the part and the number of parts, as in 3/16"),
        ("--study s --shard 0/2", "--shard 0/2"),
        ("--study s --shard 1", "--shard 1:"),
        ("--study s --add-seeds 0", "--add-seeds 0: 1 or more"),
        ("--study s --add-seeds 2", "--add-seeds adds to what the study has, and it has none"),
        ("--study s --other-version kep", "unknown --other-version 'kep'; did you mean keep?"),
        ("--study s --every 0", "--every 0"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_made(tmp_path, words, message):
    result = invoke(f"sweep {words}", code=2)
    assert message in result.stderr
    assert not (tmp_path / "s").exists() or not Study.open(tmp_path / "s").runs()


def test_seeds_are_not_added_to_another_grid():
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study s")
    result = invoke("sweep --study s --q 3 --add-seeds 2", code=2)
    assert "and --q asks for another; leave one of them out" in result.stderr


@pytest.mark.parametrize("command", ["sweep --study", "export", "merge --into whole"])
def test_a_damaged_study_ends_in_one_message_and_is_left_as_it_is(tmp_path, command):
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study s")
    path = tmp_path / "s/study.db"
    os.truncate(path, path.stat().st_size // 2)
    before = path.read_bytes()
    result = invoke(f"{command} s", code=3)
    assert result.stderr.startswith("error: the study s is damaged")
    assert len(result.stderr.splitlines()) == 1
    assert path.read_bytes() == before
    assert not (tmp_path / "whole").exists()


def test_a_study_is_made_and_found_in_folders_only(tmp_path):
    (tmp_path / "file").write_text("text")
    assert "cannot make a study in file: File exists" in invoke("sweep --study file", code=3).stderr
    assert len(invoke("export file", code=3).stderr.splitlines()) == 1
    assert "none" in invoke("merge none --into whole", code=3).stderr


@pytest.mark.parametrize("name", ["[bold red]<b>&amp;[/]", "a\x1b[2Jb\nc", "../up"])
def test_hostile_names_of_studies_do_no_harm(tmp_path, name):
    (tmp_path / "in").mkdir()
    os.chdir(tmp_path / "in")
    words = [*f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study".split(), name]
    result = invoke(words)
    assert "1 of 1 cells are in " in result.stderr
    assert "\x1b" not in result.stderr
    assert invoke(["export", name, "--format", "csv"]).stdout == result.stdout
    os.truncate(os.path.join(name, "study.db"), 100)
    refused = invoke(["export", name], code=3).stderr
    assert "\x1b" not in refused
    assert len(refused.splitlines()) == 1


def test_shards_are_merged_into_what_one_sweep_gives_and_conflicts_are_told():
    words = f"{SMALL} --seeds 0,1"
    for part in (1, 2, 3):
        invoke(f"{words} --study part-{part} --shard {part}/3")
    merged = invoke("merge part-1 part-2 part-3 --into whole")
    assert f"{CELLS} cells are in whole" in merged.stderr
    whole = invoke("export whole --format csv").stdout
    assert fields(whole) == fields(invoke(words).stdout)
    assert invoke("sweep --study whole --format csv").stdout == whole
    with sqlite3.connect("part-2/study.db") as connection:
        (row,) = connection.execute("SELECT row FROM results ORDER BY run LIMIT 1").fetchone()
        connection.execute("UPDATE results SET row = ? WHERE row = ?", (row.replace('"loss": ', '"loss": 1'), row))
    connection.close()
    told = invoke("merge part-2 --into whole", code=4).stderr
    assert told.count("conflict: ") == 1
    assert "has another loss in part-2" in told
    assert invoke("export whole --format csv").stdout == whole


def started(words, cache):
    program = [sys.executable, "-c", "from aspis_sim_cli.app import main; main()", *words.split()]
    environment = {**os.environ, "ASPIS_CACHE_DIR": str(cache)}
    return subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.slow
def test_two_processes_share_a_study_and_run_no_cell_twice(tmp_path):
    words = f"{SMALL} --seeds 0..19 --steps 300 --study s"
    both = [started(words, tmp_path / "cache") for _ in range(2)]
    told = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert told[0][0] == told[1][0]
    with Study.open(tmp_path / "s") as store:
        log = store.log()
        assert store.connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    assert Counter(event for _, event, _ in log) == {"begun": 84, "committed": 84}
    assert set(Counter((one, event) for one, event, _ in log).values()) == {1}
    assert fields(told[0][0]) == fields(invoke(f"{SMALL} --seeds 0..19 --steps 300").stdout)


@pytest.mark.slow
def test_a_sweep_that_is_killed_loses_nothing_and_does_nothing_twice():
    words = (
        "sweep --q 1,2 --scheme detox,median --seeds 0..9 --lr 0.03,0.1 --model softmax --steps 2000 --quiet "
        "--format csv"
    )
    (row,) = kill_study.run(kills=5, seed=1, words=words)
    assert row["kills"] > 0
    assert row["cells"] == 40
    assert row["runs"] == 44
    assert (row["lost"], row["twice"], row["differing"]) == (0, 0, 0)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of half a megabyte, and the function that makes it larger."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=512k", "none", place], check=False).returncode
    ):
        pytest.skip("a small disk of its own takes the right to mount one (test_damage.py fills a database instead)")
    yield place, lambda: subprocess.run([mount, "-o", "remount,size=64m", str(place)], check=True)
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_when_the_disk_is_full_the_sweep_stops_with_one_message_and_goes_on_later(small_disk, trained):
    place, enlarge = small_disk
    words = f"{SMALL} --seeds 0..19 --lr 0.1 --study {place}/s"
    result = invoke(words, code=3)
    message = result.stderr.splitlines()[-1]
    assert message.startswith(f"error: no space left for the study {place}/s: all cells that were committed are kept")
    assert result.stdout == ""
    with Study.open(place / "s") as store:
        kept = {run.key for run in store.runs()}
    assert 0 < len(kept) < 80
    enlarge()
    trained.clear()
    whole = invoke(words).stdout
    assert len(trained) == 80 - len(kept)
    assert fields(whole) == fields(invoke(f"{SMALL} --seeds 0..19 --lr 0.1").stdout)
    with Study.open(place / "s") as store:
        assert kept < {run.key for run in store.runs()}
        assert set(Counter(one for one, event, _ in store.log() if event == "committed").values()) == {1}
