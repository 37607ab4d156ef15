"""What do the tests take of the processors, and which of them most?

``python -m benchmarks.tests_table`` runs all of them on two workers, with no compiled programs kept from earlier; words
after it are pytest's, as the names of some files.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import cost_of_tests
from benchmarks.machine import machine
from benchmarks.table import print_csv

ROOT = Path(__file__).parent.parent
SHOWN = 30
"""How many tests have a row of their own."""


def run(words: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The tests that take most, and all together.

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
    rows = [{"test": one["test"], "processor_seconds": one["seconds"], "programs": one["programs"]} for one in tests]
    all_programs = sum(one["programs"] for one in tests)
    every = {"test": f"all {len(tests)} tests", "processor_seconds": whole, "programs": all_programs}
    shown = [row | {"processor_seconds": round(row["processor_seconds"], 1)} for row in (*rows[:SHOWN], every)]
    return [row | machine() for row in shown]


if __name__ == "__main__":
    print_csv(run(sys.argv[1:]))
