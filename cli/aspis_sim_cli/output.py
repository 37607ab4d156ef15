"""Where results go: tables to the terminal, CSV and JSON to stdout, and either to a file."""

import enum
import os
import sys
from pathlib import Path

from rich.console import Console

from aspis_sim.errors import InputError


class Format(enum.StrEnum):
    """How results are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def stdout() -> Console:
    """A console for results."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=False)


def stderr() -> Console:
    """A console for everything else."""
    return Console(file=sys.stderr, highlight=False)


def keep_stdout_for_results() -> None:
    """Let what libraries print by themselves go to stderr, for the rest of the process."""
    results = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = os.fdopen(results, "w", encoding="utf-8")


def file_format(path: Path, printed: Format) -> Format:
    """The format of a results file: by its ending, else the printed format, CSV for a table."""
    try:
        return Format(path.suffix.removeprefix(".").lower())
    except ValueError:
        pass
    if path.suffix:
        raise InputError(f"cannot tell a format from {path.name}; end the file in .csv or .json")
    return Format.CSV if printed is Format.TABLE else printed
