"""What do the tests take of the processors, and which of them most?

``python -m benchmarks.tests_table`` runs all of them on two workers, with no compiled programs kept from earlier; words
after it are pytest's, as the names of some files. With ``--keep`` the table goes to ``benchmarks/results/tests.csv``,
after what that has of other commits.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import cost_of_tests
from benchmarks.machine import machine
from benchmarks.table import RESULTS, keep, print_csv

ROOT = Path(__file__).parent.parent
SHOWN = 30
"""How many tests have a row of their own."""


def run(words: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The tests that take most, those of every folder together, and all.

    ``processor_seconds`` are those of the test, its fixtures and the processes that it started, on any processor: a
    module's fixture counts for the first test that asks for it. Those of ``all tests`` have imports and collection
    in them as well. ``programs``: how often JAX compiled one, or found it, without those of other processes. Where
    tests fail, nothing is measured.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {cost_of_tests.FOLDER: folder}
        command = [sys.executable, "-m", "pytest", "-p", cost_of_tests.__name__, "-n", "2", "--dist", "worksteal"]
        command += ["-o", f"cache_dir={cache}", *words]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=sys.stderr)
        lines = [json.loads(line) for file in Path(folder).iterdir() for line in file.read_text().splitlines()]
    tests = sorted((one for one in lines if one["test"]), key=lambda one: -one["seconds"])
    whole = sum(one["seconds"] for one in lines if not one["test"])
    by_folder: dict[str, list[dict[str, Any]]] = {}
    for one in tests:
        by_folder.setdefault("/".join(one["test"].partition("::")[0].split("/")[:2]), []).append(one)
    shown = [_row(one["test"], [one]) for one in tests[:SHOWN]]
    shown += [_row(f"{folder}: {len(ones)} tests", ones) for folder, ones in sorted(by_folder.items())]
    every = _row(f"all {len(tests)} tests", tests) | {"processor_seconds": round(whole, 1)}
    return [row | machine() for row in (*shown, every)]


def _row(name: str, tests: Iterable[dict[str, Any]]) -> dict[str, Any]:
    seconds, programs = (sum(one[what] for one in tests) for what in ("seconds", "programs"))
    return {"test": name, "processor_seconds": round(seconds, 1), "programs": programs}


def beside_others(rows: list[dict[str, Any]], folder: Path = RESULTS) -> list[dict[str, Any]]:
    """The kept rows of other commits, and these after them."""
    path = folder / "tests.csv"
    kept = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []
    return [*(row for row in kept if row["commit"] != rows[0]["commit"]), *rows]


if __name__ == "__main__":
    found = run([word for word in sys.argv[1:] if word != "--keep"])
    print_csv(found)
    if "--keep" in sys.argv:
        print(f"kept in {keep('tests', beside_others(found))}", file=sys.stderr)
