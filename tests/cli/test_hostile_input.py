"""Hostile words: too long, too large, of the wrong type or with control characters. All end at once, in a few lines."""

import os
import pty
import subprocess
import tty
from contextlib import suppress

import pytest
from aspis_sim_cli.boundary import complain

from aspis_sim.printable import ROWS, WIDTH
from aspis_sim.simulation import program
from tests.cli.program import PROGRAM, csv_of, refused
from tests.report.studies import row_of

LONG = "x" * 5000
DIGITS = "9" * 5000

CASES = {
    "exponent": ("sweep --q 1e999999999", "'1e999999999' is out of range"),
    "zero with an exponent": ("train --lr 0e999999999", "it must be positive"),
    "exponent of detect": ("detect --q 1e999999999", "out of range"),
    "exponent of distortion": ("distortion --q 1e999999999", "out of range"),
    "exponent of worst-case": ("worst-case --q 1e999999999", "out of range"),
    "exponents of a range": ("sweep --q 0..1e999999:1e-999999", "out of range"),
    "range of 10^13 rates": ("sweep --lr 1..1e300:1e-300", "a range may have 100,000 at most"),
    "end of a range": ("sweep --lr 1..1e5000", "'1e5000' is out of range"),
    "infinite rate": ("sweep --lr 1e400", "'1e400' is out of range"),
    "vanishing rate": ("train --lr 1e-400", "'1e-400' is out of range"),
    "digits": (["sweep", "--q", DIGITS], "has 5,000 characters"),
    "digits of detect": (["detect", "--workers", DIGITS], "'--workers'"),
    "digits of an option": (["train", "--model", f"mlp:hidden={DIGITS}"], "18 digits at most"),
    "400 digits of an option": (["train", "--model", f"mlp:hidden={DIGITS[:400]}"], "18 digits at most"),
    "digits of a size": (["train", "--memory", f"{DIGITS[:400]}GB"], "write 2GB or 512MB"),
    "size": ("train --memory 999999999999TB", "it can be at most 1000TB"),
    "three full ranges": ("sweep --seeds 0..99999,0..99999,0..99999", "more than 100,000 values"),
    "devices": ("train --devices 2000", " or fewer"),
    "devices of a dry run": ("sweep --devices 1000000 --dry-run", "at most 10,000"),
    "workers of sweep": ("sweep --workers 1000000000", "at most 10,000"),
    "workers of train": ("train --workers 9223372036854775808 --assignment repetition", "at most 10,000"),
    "workers of plan": ("plan --workers 1000000000", "at most 10,000"),
    "workers of list": ("list assignments --workers 1000000000", "at most 10,000"),
    "workers of detect": (["detect", "--workers", DIGITS[:50]], "at most 10,000"),
    "workers of distortion": ("distortion --workers 1000000000", "at most 10,000"),
    "workers of worst-case": ("worst-case --workers 1000000000 --q 1", "at most 10,000"),
    "window of detect": (["detect", "--window", DIGITS[:30]], "at most 2,147,483,647 and 100,000"),
    "shared files": (["distortion", "--assignment", "bibd", "--pair-files", DIGITS[:30]], "at most 100,000 files"),
    "samples in a file": ("train --samples-per-file 9223372036854775808", "at most 2,147,483,647"),
    "samples in a step": ("train --samples-per-file 2147483647", "take --samples-per-file 21978 or fewer"),
    "epochs": ("train --epochs 1e300", "take at most"),
    "weights": ("train --model mlp:hidden=1000000000000", "take a smaller one"),
    "no classes": ("train --model mlp:classes=0", "classes is filled in from the settings; its options: hidden"),
    "half a unit": ("train --model mlp:hidden=3.5", "hidden=3.5; it is a whole number, such as 64"),
    "no unit": ("train --model mlp:hidden=0", "hidden=0; it is a whole number, 1 or more"),
    "strength": ("train --payload constant:strength=a", "strength=a; it is a number, such as 100"),
    "mean": ("train --payload gaussian:mean=a", "mean=a; it is a number, such as 0"),
    "rule of the attacker": ("train --payload optimised:aggregator=3", "aggregator=3; it is a word, such as median"),
    "infinite option": ("train --aggregator krum:f=1e400", "finite numbers"),
    "step of a rule": ("train --aggregator nnm+krum:f=1.5", "f=1.5; it is a whole number"),
    "own seed of data": ("train --dataset linear-regression:run=3", "its options: samples, dimension"),
    "framed": ("train --attack frame-up:framed=0.5", "--framed 0.5: not a whole number"),
    "classes of a regression": ("train --dataset linear-regression --model mlp", "take --model linear"),
    "long format": (["list", "--format", LONG], "'table', 'csv', 'json'"),
    "long kind": (["list", LONG], "known: assignments"),
    "long command": ([LONG], "--help"),
    "long option": ([f"--{LONG}"], "--help"),
    "long name": (["train", "--dataset", LONG], "known: cifar10"),
    "many words": (["train", "x y " * 5000], "--help"),
    "escape in seeds": (["sweep", "--seeds", "\x1b[2J1"], "?[2J1"),
    "escape in a size": (["train", "--memory", "\x1b[2J1"], "?[2J1"),
    "escape in a name": (["train", "--scheme", "\x1b[2J1"], "?[2J1"),
    "escape in an option": (["train", "--\x1b[2J1"], "--help"),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_hostile_words_end_with_2_in_a_few_printable_lines(words, monkeypatch):
    given, remedy = words
    monkeypatch.setattr(program, "_build", lambda shape: pytest.fail("training was prepared"))
    said = refused(given)
    assert remedy in said
    assert all(line.isprintable() for line in said.splitlines())
    assert sum(-(-len(line) // WIDTH) for line in said.splitlines()) <= ROWS


CONFIGURATIONS = {
    "digits": (f"workers = {DIGITS}", "thousands of digits"),
    "hexadecimal digits": (f"workers = [0x{DIGITS}]", "40 digits at most"),
    "exponent": ('q = "1e999999999"', "out of range"),
    "infinite": ("lr = 1e400", "lr"),
    "escape": (r'q = "\u001b[2J"', "q"),
}


@pytest.mark.parametrize("words", CONFIGURATIONS.values(), ids=CONFIGURATIONS.keys())
def test_hostile_configurations_end_with_2_in_a_few_printable_lines(words, tmp_path):
    text, named = words
    path = tmp_path / "study.toml"
    path.write_text(text)
    said = refused("sweep --config", path, lines=3)
    assert named in said
    assert all(line.isprintable() for line in said.splitlines())


def test_what_goes_to_the_terminal_is_printable_wherever_it_comes_from(capsys):
    complain("error: 503 \x1b]0;title\x07 for `q=\x9b2J`\r\u202e")
    assert capsys.readouterr().err == "error: 503 ?]0;title? for --q ?2J??\n"


def test_a_terminal_gets_no_control_characters_of_results_and_a_pipe_all(tmp_path):
    rows = [row_of(scheme="a\x1b[2J\x9bb\tc"), row_of(scheme="median")]
    (tmp_path / "rows.csv").write_text(csv_of(rows), encoding="utf-8", newline="")
    command = [*PROGRAM, "export", "rows.csv"]
    piped = subprocess.run(command, capture_output=True, check=True).stdout
    assert b"a\x1b[2J\xc2\x9bb\tc" in piped
    master, slave = pty.openpty()
    tty.setraw(slave)
    with subprocess.Popen(command, stdout=slave) as process:
        os.close(slave)
        shown = b""
        with suppress(OSError):  # the terminal's other end is closed
            while piece := os.read(master, 1 << 16):
                shown += piece
    os.close(master)
    assert process.returncode == 0
    assert shown == piped.replace(b"\x1b", b"?").replace(b"\xc2\x9b", b"?").replace(b"\t", b"?")
