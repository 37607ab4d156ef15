"""What becomes of studies: damaged, named with malice, cut up and merged, shared, killed, and out of space."""

import os
import shutil
import sqlite3
import subprocess
from collections import Counter

import pytest

from aspis_sim.study import Study
from benchmarks import kill_study
from tests.cli.forked import Asked, forked
from tests.cli.program import PROGRAM, invoke, refused, run, without_seconds
from tests.cli.program import SMALL as SMALL_SWEEP
from tests.quick import ENVIRONMENT
from tests.study.made_up import sealed

SMALL = f"sweep {SMALL_SWEEP} --format csv"
CELLS = 8
"""Of SMALL with two seeds."""


@pytest.mark.parametrize("command", ["sweep --study", "export", "merge --into whole"])
def test_a_damaged_study_ends_in_one_message_and_is_left_as_it_is(tmp_path, command):
    invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study s")
    path = tmp_path / "s/study.db"
    os.truncate(path, path.stat().st_size // 2)
    before = path.read_bytes()
    assert refused(f"{command} s", code=3, lines=1).startswith("error: the study s is damaged")
    assert path.read_bytes() == before
    assert not (tmp_path / "whole").exists()


def test_a_study_is_made_and_found_in_folders_only(tmp_path):
    (tmp_path / "file").write_text("text")
    assert "cannot make a study in file: File exists" in refused("sweep --study file", code=3)
    assert "file" in refused("export file", code=3, lines=1)
    assert "none is no study: there is no study.db in it" in refused("merge none --into whole", code=3)


@pytest.mark.parametrize("name", ["[bold red]<b>&amp;[/]", "a\x1b[2Jb\nc", "../up"])
def test_hostile_names_of_studies_do_no_harm(tmp_path, name):
    (tmp_path / "in").mkdir()
    os.chdir(tmp_path / "in")
    result = invoke(f"{SMALL} --q 1 --scheme median --seeds 0 --lr 0.1 --study", [name])
    assert "1 of 1 cells are in " in result.stderr
    assert "\x1b" not in result.stderr
    assert invoke("export", [name], "--format csv").stdout == result.stdout
    os.truncate(os.path.join(name, "study.db"), 100)
    assert "\x1b" not in refused("export", [name], code=3, lines=1)


def test_shards_are_merged_into_what_one_sweep_gives_and_conflicts_are_told():
    words = f"{SMALL} --seeds 0,1"
    for part in (1, 2, 3):
        invoke(f"{words} --study part-{part} --shard {part}/3")
    merged = invoke("merge part-1 part-2 part-3 --into whole")
    assert f"{CELLS} cells are in whole" in merged.stderr
    whole = invoke("export whole --format csv").stdout
    assert without_seconds(whole) == without_seconds(invoke(words).stdout)
    assert invoke("sweep --study whole --format csv").stdout == whole
    with sqlite3.connect("part-2/study.db") as connection:
        (row,) = connection.execute("SELECT row FROM results ORDER BY run LIMIT 1").fetchone()
        connection.execute("UPDATE results SET row = ? WHERE row = ?", (row.replace('"loss": ', '"loss": 1'), row))
        sealed(connection)
    connection.close()
    told = invoke("merge part-2 --into whole", code=4).stderr
    assert told.count("conflict: ") == 1
    assert "has another loss in part-2" in told
    assert invoke("export whole --format csv").stdout == whole


@pytest.mark.slow
def test_two_processes_share_a_study_and_run_no_cell_twice(tmp_path):
    words = f"{SMALL} --scheme median --seeds 0..19 --steps 100"
    told = forked([Asked(f"{words} --study s", {"ASPIS_CACHE_DIR": str(tmp_path / "cache")})] * 2)
    assert [one.returncode for one in told] == [0, 0], told
    assert told[0].stdout == told[1].stdout
    with Study.open(tmp_path / "s") as store:
        log = store.log()
        assert store.connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    assert Counter(event for _, event, _ in log) == {"begun": 42, "committed": 42}
    assert set(Counter((one, event) for one, event, _ in log).values()) == {1}
    assert without_seconds(told[0].stdout) == without_seconds(invoke(words).stdout)


@pytest.mark.slow
def test_a_sweep_that_is_killed_loses_nothing_and_does_nothing_twice(monkeypatch):
    """The sweeps are processes; this one kills them, and reads their study meanwhile."""

    def exported(study, environment):
        result = run("export", [study], "--format csv")
        if result.exit_code:
            raise subprocess.CalledProcessError(result.exit_code, "export", stderr=result.stderr)
        return [tuple(row) for row in without_seconds(result.stdout)]

    # XLA has read its flags once JAX has started; the program would start a process more to ask about them
    quickly = "import os, jax; jax.devices(); del os.environ['XLA_FLAGS']; "
    monkeypatch.setattr(kill_study, "PROGRAM", [*PROGRAM[:2], quickly + PROGRAM[2]])
    monkeypatch.setattr(kill_study, "_exported", exported)
    monkeypatch.setattr(kill_study, "REST", 0.3)
    monkeypatch.setenv("XLA_FLAGS", ENVIRONMENT["XLA_FLAGS"])
    words = (
        "sweep --workers 5 --q 1,2 --scheme median --seeds 0..9 --lr 0.03,0.1 --model softmax --samples-per-file 1 "
        "--steps 6000 --quiet --format csv"
    )
    # with this seed either of the two is killed, so that none has to start again before the next can be
    (row,) = kill_study.run(kills=2, seed=2, words=words, report=False)
    assert row["kills"] == 2
    assert row["cells"] == 20
    assert row["runs"] == 22 * row["studies"]
    assert row["readings"] > 0
    assert (row["lost"], row["twice"], row["differing"], row["misread"]) == (0, 0, 0, 0)


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
        kept = {run.key for run in store.known()}
    assert 0 < len(kept) < 80
    enlarge()
    trained.clear()
    whole = invoke(words).stdout
    assert len(trained) == 80 - len(kept)
    assert without_seconds(whole) == without_seconds(invoke(f"{SMALL} --seeds 0..19 --lr 0.1").stdout)
    with Study.open(place / "s") as store:
        assert kept < {run.key for run in store.known()}
        assert set(Counter(one for one, event, _ in store.log() if event == "committed").values()) == {1}
