"""The process around the commands: streams that are full, closed or plain, and surroundings in which JAX cannot start.

Whole processes are started, many at a time: none of this can be seen from within.
"""

import csv
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import typer
from aspis_sim_cli import devices
from aspis_sim_cli.boundary import bounded
from aspis_sim_cli.devices import cause, remedy
from aspis_sim_cli.process import PLAIN

from aspis_sim import __version__
from tests.cli.program import PROGRAM, run
from tests.quick import ENVIRONMENT

TABLE = "distortion --scheme aspis,detox --q 2..4 --attack strong"
TRAIN = "train --scheme median --q 1 --workers 7 --steps 2 --samples-per-file 2 --model softmax --lr 0.1 --quiet"

DRAW = "detect --q 2 --attack weak --trials 2 --draw drawn.png"

SHELL = {
    "full": f'"$@" {TABLE} > "$FULL"',
    "full help": '"$@" --help > "$FULL"',
    "full stderr": f'"$@" {TABLE} --format csv --out one.csv 2> "$FULL"',
    "closed": f'"$@" {TABLE} >&-',
    "closed stderr": f'"$@" {TABLE} --format csv --out two.csv 2>&-',
    "closed all": f'"$@" {TABLE} <&- >&- 2>&-',
    "head": f'"$@" {TABLE} | head -c 1; exit "${{PIPESTATUS[0]}}"',
    "nobody": '"$@" --help | true; exit "${PIPESTATUS[0]}"',
    "ascii": f'PYTHONIOENCODING=ascii "$@" {TABLE}',
    "cp1252": f'PYTHONIOENCODING=cp1252 "$@" {TABLE}',
    "C": f'LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 "$@" {TABLE}',
    "ascii help": 'PYTHONIOENCODING=ascii "$@" sweep --help',
    "zz": f'JAX_PLATFORMS=zz "$@" {TRAIN}',
    "regression": 'JAX_PLATFORMS=zz "$@" reproduce linear-regression',
    "flag": f'XLA_FLAGS=--xla_nope=1 "$@" {TRAIN}',
    "flag file": f'XLA_FLAGS=/dev/zero "$@" {TRAIN}',
    "flags": f'XLA_FLAGS="--xla_cpu_enable_fast_math=false $QUICKLY" "$@" {TRAIN}',
    "doctor": 'XLA_FLAGS=--xla_nope=1 "$@" doctor --format csv',
    "asserts": f'PYTHONOPTIMIZE=1 "$@" {TRAIN}',
    "asserts help": 'PYTHONOPTIMIZE=1 "$@" --version',
    "module": f'"{PROGRAM[0]}" -m aspis_sim_cli --version',
    "version": '"$@" --version',
    "notebook": f'MPLBACKEND=module://matplotlib_inline.backend_inline "$@" {DRAW}',
}
"""Name of a case -> how a shell calls the program ("$@"), which is killed after a minute."""


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """Name of a case -> how it ended."""
    folder = tmp_path_factory.mktemp("process")
    full = folder / "full"
    try:  # a node of our own: the machine's stays what it is, whatever the program does
        os.mknod(full, stat.S_IFCHR | 0o666, os.stat("/dev/full").st_rdev)
        os.close(os.open(full, os.O_WRONLY))
    except PermissionError:
        full.unlink(missing_ok=True)
        full.symlink_to("/dev/full")  # who may make no node cannot replace one either
    environment = {**os.environ, "FULL": str(full), "COLUMNS": "100", "ASPIS_CACHE_DIR": ""}
    environment["QUICKLY"] = ENVIRONMENT["XLA_FLAGS"]

    def ended(script):
        command = ["bash", "-c", script, "-", *PROGRAM]
        return subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
            encoding="utf-8", errors="replace",
        )  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        return dict(zip(SHELL, pool.map(ended, SHELL.values()), strict=True))


ENDS = {
    "full": (3, "error: cannot write the results: No space left on device"),
    "full help": (3, "error: cannot write the results: No space left on device"),
    "closed": (2, "error: stdout is closed, and results go there; send them to a file, or to /dev/null"),
    "closed all": (2, ""),
    "zz": (2, "error: JAX does not start: Unable to initialize backend 'zz': Backend 'zz' is not in the list"),
    "regression": (2, "error: JAX does not start: Unable to initialize backend 'zz'"),
    "flag file": (2, "error: XLA_FLAGS=/dev/zero is no regular file; correct or unset XLA_FLAGS"),
    "asserts": (2, "error: Python runs without assert statements (PYTHONOPTIMIZE or -O)"),
}
"""Name of a case -> exit code, and how the one line on stderr begins."""


@pytest.mark.parametrize("name", ENDS)
def test_what_cannot_be_is_said_in_one_line(name, ends):
    code, told = ENDS[name]
    end = ends[name]
    assert (end.returncode, end.stdout) == (code, "")
    assert end.stderr.startswith(told)
    assert len(end.stderr.splitlines()) == bool(told)


def test_a_reader_that_leaves_is_no_error(ends):
    for name in ("head", "nobody"):
        assert (ends[name].returncode, ends[name].stderr) == (0, ""), name


def test_results_come_without_a_stderr_that_takes_anything(ends):
    for name in ("full stderr", "closed stderr"):
        assert ends[name].returncode == 0, ends[name].stderr
        found = list(csv.reader(ends[name].stdout.splitlines()))
        assert [len(row) for row in found] == [len(found[0])] * 7, "notes are among the results"


@pytest.mark.parametrize("name", ["ascii", "cp1252", "C", "ascii help"])
def test_what_an_encoding_lacks_is_written_in_plain_characters(name, ends):
    end = ends[name]
    assert (end.returncode, end.stderr) == (0, "")
    assert end.stdout.isascii()
    assert "\\u" not in end.stdout
    if name in ("ascii", "cp1252", "C"):
        assert "e, distorted files over all files, and their number; g: ByzShield's" in end.stdout
        (start,) = (n for n, line in enumerate(end.stdout.splitlines()) if line.startswith("|q"))
        table = end.stdout.splitlines()[start - 3 : start + 9]
        assert len(set(map(len, table))) == 1, table
    if name == "ascii help":
        assert "NAME,..." in end.stdout


def test_plain_characters_are_plain():
    assert all(text.isascii() and text.isprintable() for text in PLAIN.values())


def test_flags_that_xla_does_not_know_are_named_and_others_taken(ends):
    said = "JAX does not start: Unknown flag in XLA_FLAGS: --xla_nope=1; correct or unset XLA_FLAGS"
    assert (ends["flag"].returncode, ends["flag"].stdout) == (2, "")
    assert ends["flag"].stderr.splitlines()[-1] == f"error: {said}"
    assert ends["flags"].returncode == 0, ends["flags"].stderr
    assert ends["doctor"].returncode == 4
    told = "does not start: Unknown flag in XLA_FLAGS: --xla_nope=1; correct or unset XLA_FLAGS"
    assert f"wrong: devices jax: {told}" in ends["doctor"].stderr
    assert "jaxlib equal" not in ends["doctor"].stderr


INTERRUPTED = """
import sys
from aspis_sim_cli.__main__ import main

class Interrupting:
    def find_spec(self, name, *_):
        if name == "aspis_sim_cli.app":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
main()
"""
"""Ctrl-C while the commands are loaded."""


def test_an_interruption_before_the_command_is_one_too(monkeypatch):
    done = subprocess.run([PROGRAM[0], "-c", INTERRUPTED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")

    def interrupt(plugins):
        raise KeyboardInterrupt

    monkeypatch.setattr("aspis_sim_cli.plugins.load_plugins", interrupt)
    result = run("list schemes")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "interrupted\n")


def test_the_package_is_a_program(ends):
    assert ends["module"].stdout == ends["version"].stdout == f"aspis-sim {__version__}\n"


@pytest.mark.parametrize(("reason", "shown"), [("", ""), ("Unable to allocate 7 TiB", " (Unable to allocate 7 TiB)")])
def test_a_lack_of_memory_is_told(reason, shown, capsys):
    def greedy():
        raise MemoryError(reason)

    with pytest.raises(typer.Exit) as leaving:
        bounded(greedy)()
    assert leaving.value.exit_code == 3
    assert capsys.readouterr().err == f"error: there is not enough memory{shown}; ask for something smaller\n"


MOVED = """
from pathlib import Path
from aspis_sim.files import write_whole
from aspis_sim_cli.output import keep_stdout_for_results

keep_stdout_for_results()
write_whole(Path("/dev/stdout"), "rows")
"""


def test_results_for_stdout_go_there_though_libraries_write_to_it():
    done = subprocess.run([PROGRAM[0], "-c", MOVED], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("rows", "")


def test_without_asserts_what_needs_no_model_works(ends):
    assert ends["asserts help"].returncode == 0
    assert ends["asserts help"].stdout.startswith("aspis-sim ")


def test_the_backend_of_a_notebook_does_not_matter(ends):
    assert ends["notebook"].returncode == 0, ends["notebook"].stderr


def test_a_platform_without_devices_is_named(monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    assert cause("Traceback\n  x\nAssertionError\n") == "no device of JAX_PLATFORMS=cuda is here"
    assert cause("") == "no device of JAX_PLATFORMS=cuda is here"
    assert remedy() == "correct or unset JAX_PLATFORMS"
    monkeypatch.delenv("JAX_PLATFORMS")
    assert cause("Traceback\nImportError: jaxlib is too old\n") == "ImportError: jaxlib is too old"
    assert "jax and jaxlib equal" in remedy()
    assert len(cause("x" * 10_000)) == devices.LONGEST
