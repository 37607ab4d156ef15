"""A benchmark's rows as a table: with what they were measured on, printed, and kept beside the code."""

import csv
import io
import sys
from pathlib import Path
from typing import Any

from benchmarks.machine import machine

RESULTS = Path(__file__).parent / "results"


def with_machine(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every row with the columns of the machine, the versions and the commit, last, unless it names them itself."""
    here = machine()
    return [{**row, **{name: value for name, value in here.items() if name not in row}} for row in rows]


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV; a column that only some have is empty in the others, and those of the machine come last."""
    columns = dict.fromkeys(column for row in rows for column in row)
    last = [name for name in machine() if name in columns]
    text = io.StringIO()
    order = [name for name in columns if name not in last] + last
    writer = csv.DictWriter(text, order, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def print_csv(rows: list[dict[str, Any]]) -> None:
    """Rows as CSV on stdout."""
    sys.stdout.write(as_csv(rows))


def keep(name: str, rows: list[dict[str, Any]], folder: Path = RESULTS) -> Path:
    """Write the rows of a benchmark to its table among the results, which keeps those of other machines."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv"
    machines = {row["machine"] for row in rows}
    before = csv.DictReader(path.read_text(encoding="utf-8").splitlines()) if path.exists() else []
    others = [row for row in before if row["machine"] not in machines]
    path.write_text(as_csv([*rows, *others]), encoding="utf-8")
    return path
