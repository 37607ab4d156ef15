"""A few hundred hostile inputs of every kind, those that once failed again, and a judge that sees what is wrong."""

import os
import signal
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from types import SimpleNamespace

import pytest

from aspis_sim.assignment import custom
from benchmarks.fuzz import __main__ as command
from benchmarks.fuzz import trial
from benchmarks.fuzz.campaign import summed_up, tried_apart, tried_here
from benchmarks.fuzz.command_lines import TRAINED
from benchmarks.fuzz.generators import GENERATORS
from benchmarks.fuzz.ground import made
from benchmarks.fuzz.inputs import SERVER, Input
from benchmarks.fuzz.shrink import shrunk

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.json"))
INPUTS = 40


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with made(tmp_path_factory.mktemp("ground")) as laid:
        yield laid


@pytest.mark.parametrize("generator", GENERATORS)
def test_every_input_is_answered(generator):
    row, lines = summed_up(generator, 0, tried_here(generator, range(INPUTS), 0))
    assert lines == []
    assert row["inputs"] == INPUTS
    assert row["refused"] + row["accepted"] == INPUTS
    assert min(row["refused"], row["accepted"]) > 0


@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_inputs_that_once_failed_are_answered(path, ground):
    outcome = trial.tried(Input.of_text(path.read_text(encoding="utf-8")), ground)
    assert outcome.failure == "", outcome.detail


def test_a_defect_of_the_program_is_found_shrunk_and_kept(monkeypatch, tmp_path):
    def broken(path):
        raise RuntimeError("planted")

    monkeypatch.setattr(custom, "_read", broken)
    row, lines = summed_up("assignments", 0, tried_here("assignments", range(6), 0), tmp_path / "kept")
    assert row["failures"] == 6
    assert lines == ["assignments: RuntimeError of custom.py:numbers: 6 inputs, the first is 0"]
    (kept,) = (tmp_path / "kept").iterdir()
    again = Input.of_text(kept.read_text(encoding="utf-8"))
    assert again.words[-2] == "--groups"
    assert again.files == {}


def _ends(code):
    return lambda: sys.exit(code)


def _says(text, code=2):
    def program():
        sys.stderr.write(text)
        sys.exit(code)

    return program


def _prints(text, code=0):
    def program():
        print(text)
        sys.exit(code)

    return program


def _changes():
    Path("../given/rows.csv").write_text("other")
    sys.exit(0)


def _adds():
    Path("../home/more").touch()
    sys.exit(0)


PLANTED = {
    "an exit code": (_ends(1), "exit code 1"),
    "an exit code of a signal": (_ends(143), "exit code 143"),
    "an error": (lambda: 1 // 0, "ZeroDivisionError of boundary.py:whole"),
    "a traceback": (_says("Traceback (most recent call last):\n"), "a traceback is printed"),
    "an escape on stderr": (_says("error: \x1b[2J\n"), "stderr has '\\x1b'"),
    "an escape on stdout": (_prints("\x9b2J"), "stdout has '\\x9b'"),
    "a changed direction": (_prints("\u202e"), "stdout has '\\u202e'"),
    "no message": (_ends(2), "0 messages of a refusal"),
    "no message of damage": (_ends(3), "0 messages of a refusal"),
    "two messages": (_says("error: x\nerror: y\n"), "2 messages of a refusal"),
    "seven lines": (_says("error: x\n" + "y\n" * 6), "a message of 7 rows"),
    "a line of seven rows": (_says(f"error: {'x' * 480}\n", 3), "a message of 7 rows"),
    "results of a refusal": (_prints("x", 2), "0 messages of a refusal"),
    "a changed file": (_changes, "changes rows.csv"),
    "a new file": (_adds, "changes more"),
    "no end": (lambda: time.sleep(5), "takes more than 0.2 s in boundary.py:whole"),
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_the_judge_sees_what_is_wrong(planted, monkeypatch, tmp_path):
    program, failure = planted
    monkeypatch.setattr(trial, "_program", lambda: lambda args, prog_name: program())
    monkeypatch.setattr(trial, "LIMIT", 0.2)
    with made(tmp_path) as laid:
        assert trial.tried(Input(("x",)), laid).failure == failure


def test_the_judge_sees_a_device_that_was_replaced(monkeypatch, tmp_path):
    device = tmp_path / "device"
    os.mkfifo(device)

    def replacing():
        device.unlink()
        device.touch()
        sys.exit(0)

    monkeypatch.setattr("benchmarks.fuzz.ground.DEVICES", (str(device),))
    monkeypatch.setattr(trial, "_program", lambda: lambda args, prog_name: replacing())
    (tmp_path / "ground").mkdir()
    with made(tmp_path / "ground") as laid:
        assert trial.tried(Input(("x",)), laid).failure == "changes device"


@pytest.mark.parametrize(
    "program",
    [_ends(0), _ends(None), _says("error: x\n" + "y\n" * 5), _says("error: x\nerror: y\n", 3), _prints("é\tα", 4)],
)
def test_the_judge_is_content_with_what_is_right(program, monkeypatch, ground):
    monkeypatch.setattr(trial, "_program", lambda: lambda args, prog_name: program())
    assert trial.tried(Input(("x",)), ground).failure == ""


def test_an_input_comes_back_as_it_was_written():
    one = Input(("a", "\udcff", "\x1b"), {"b/c": bytes(range(256)), "d": b"text\r\n"}, (b"\xff" * 3000, b""))
    assert Input.of_text(one.as_text(failure="x")) == one


def test_shrinking_leaves_what_fails():
    one = Input(
        ("sweep", "--dry-run", "--q", "1", "--lr", "x" * 100), {"a": b"1" * 500 + b"!" + b"2" * 500, "b": b""}, (b"a",)
    )
    small = shrunk(one, lambda smaller: "--lr" in smaller.words and b"!" in smaller.files.get("a", b""))
    assert small.words == ("sweep", "--dry-run", "--lr")
    assert list(small.files) == ["a"]
    assert len(small.files["a"]) < 20
    assert small.answers == ()


def test_shrinking_leaves_what_keeps_a_run_short():
    one = Input(("train", *TRAINED, "--lr", "0.7"))
    assert shrunk(one, lambda smaller: True).words == ("train", *TRAINED)


def test_a_server_answers_byte_for_byte(ground):
    words = ("data", "fetch", "cifar10", "--data-dir", "data", "--from", SERVER)
    outcome = trial.tried(Input(words, {}, (b"HTTP/1.1 418 I am a teapot\r\n\r\n",)), ground)
    assert (outcome.code, outcome.failure) == (3, "")
    assert "HTTP 418 I am a teapot" in (ground.folder / "stderr").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_input_that_kills_the_process_is_a_failure_and_the_next_is_run():
    found = tried_apart("ranges", 3000, 0)
    first = next(found)
    (process,) = active_children()
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    killed = next(one for one in found if one.outcome.failure)
    assert killed.outcome.failure == "SIGKILL"
    assert "ranges" not in Input.of_text(killed.text).words
    after = next(found)
    assert (first.number, after.number, after.outcome.failure) == (0, killed.number + 1, "")
    found.close()
    assert active_children() == []


def test_the_command_prints_a_row_per_generator_and_ends_with_1_on_a_failure(monkeypatch, capsys, tmp_path):
    outcomes = {"ranges": trial.Outcome(2, 0.5), "http": trial.Outcome(1, 0.5, "exit code 1")}
    monkeypatch.setattr(
        command, "tried_apart", lambda name, count, seed: [SimpleNamespace(number=0, outcome=outcomes[name], text="")]
    )
    assert command.main(["2", "7", "--only", "ranges"]) == 0
    assert command.main(["--only", "ranges,http", "2"]) == 1
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.startswith("generator,seed,inputs,refused,accepted,failures,slowest_seconds,machine")
    assert rows[0].startswith("ranges,7,1,1,0,0,0.5")
    assert rows[3].startswith("http,0,1,0,0,1,0.5")
    with pytest.raises(SystemExit, match="unknown generator nothing; known: command-lines"):
        command.main(["--only", "nothing"])
    with pytest.raises(SystemExit, match=r"usage: python -m benchmarks\.fuzz COUNT(?s:.*)  http: what a web server"):
        command.main(["--help"])
