"""The program as the tests call it, in this process or in one of its own, and what it printed, read back."""

import csv
import io
import os
import subprocess
import sys

from aspis_sim_cli.app import app
from rich.console import Console
from typer.testing import CliRunner

from aspis_sim.records import as_csv
from aspis_sim.run.row import COLUMNS

PROGRAM = [sys.executable, "-c", "from aspis_sim_cli.app import main; main()"]
"""The command of a process of its own."""

SMALL = "--workers 7 --q 1,3 --scheme aspis,median --steps 6 --samples-per-file 2 --model softmax"
"""A sweep of a moment: four cells a seed."""


def run(*words, **environment):
    """The program with these words, however it ends: texts are split at spaces, lists and paths are taken as given."""
    return CliRunner().invoke(app, split(*words), prog_name="aspis-sim", env=environment)


def invoke(*words, code=0, **environment):
    """The program with these words, as `run` takes them; it must end with this code, and without a traceback."""
    result = run(*words, **environment)
    assert result.exit_code == code, f"{result.output}{result.exception!r}"
    assert "Traceback" not in result.output
    return result


def refused(*words, code=2, lines=2, **environment):
    """What the program says on stderr when it ends before any work: one message, of so many lines at most."""
    result = invoke(*words, code=code, **environment)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("error: ") == 1
    assert len(result.stderr.strip().splitlines()) <= lines
    return result.stderr


def start(*words, env=None):
    """The program in a process of its own, with pipes, in another environment if one is given."""
    command = [*PROGRAM, *split(*words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def ended(*words, **environment):
    """The program in a process of its own, waited for, in this environment with some changes."""
    command = [*PROGRAM, *split(*words)]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)


def split(*words):
    """Texts split at spaces, lists and paths as they are."""
    found = []
    for one in words:
        found += one.split() if isinstance(one, str) else list(map(str, one)) if isinstance(one, list) else [str(one)]
    return found


def rows(text):
    """The rows of a CSV, column -> text."""
    return list(csv.DictReader(io.StringIO(text)))


def csv_of(found):
    """The CSV that a sweep writes of these rows."""
    return as_csv(found, tuple(COLUMNS))


def without_seconds(text):
    """The fields of a sweep's CSV, header and rows, but for the seconds."""
    header, *found = csv.reader(io.StringIO(text))
    own = header.index("seconds")
    return [row[:own] + row[own + 1 :] for row in (header, *found)]


def one_line(text):
    """A text without its line breaks, as in a table that is wrapped."""
    return " ".join(text.split())


def printed(view, width):
    """What a terminal of this width shows of a view."""
    text = io.StringIO()
    Console(width=width, file=text, highlight=False).print(view)
    return text.getvalue()
