"""Where does the time of the default sweep go: import, compilation, steps, verdicts, evaluation, or nowhere?"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench_sweep import SWEEP
from benchmarks.machine import machine
from benchmarks.stopwatch import THREADS
from benchmarks.table import print_csv

ROOT = Path(__file__).parent.parent

PARTS = {
    "program": "compile, or find in the cache",
    "small program": "compile small programs",
    "steps": "steps",
    "verdicts": "verdicts",
    "evaluation": "evaluation",
    "begin": "begin of runs",
    "run": "results of runs",
}
"""What is timed, in words, apart from each other: by scheme, and by the parts that shape a program."""


def run(words: Sequence[str] = tuple(SWEEP)) -> list[dict[str, Any]]:
    """One row a way to run the sweep and part of it.

    The sweep runs four times, each in a fresh process: with an empty cache of compiled programs and with the one that
    this leaves, in a process for each processor, and on threads.

    ``seconds`` are those that processors were taken for a part, ``share`` is of all that there were, processors times
    wall time. Before the first run and after the last there is one process, and the other processors are idle.
    ``times``: how often; ``found`` and ``made``: programs found in the cache of programs, and not found. The steps of
    the search for a rate are those of runs, too. ``wall_seconds`` and ``processor_seconds`` (all processes together,
    and for the process of the command alone where it has workers) are of the whole.
    """
    rows = []
    for threads in (False, True):
        with tempfile.TemporaryDirectory() as cache:
            for state in ("empty", "warm"):
                rows += [{"cache": state} | row for row in _measured(words, cache, threads)]
    return [row | machine() for row in rows]


def _measured(words: Sequence[str], cache: str, threads: bool) -> list[dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment |= {"ASPIS_CACHE_DIR": cache, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])}
    if threads:
        environment[THREADS] = "1"
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as lines:
        used, launched = _used(), time.monotonic()
        command = [sys.executable, "-m", "benchmarks.stopwatch", lines, *words]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)
        ended = time.monotonic()
        done = [json.loads(line) for file in Path(lines).iterdir() for line in file.read_text().splitlines()]
    return parts_of(done, launched, ended, os.cpu_count() or 1, _used() - used)


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def parts_of(
    done: list[dict[str, Any]], launched: float, ended: float, processors: int, used: float
) -> list[dict[str, Any]]:
    """The rows of one sweep from the lines of its stopwatches; the seconds of the parts add up to the last row's."""
    (command,) = (line for line in done if line["name"] == "command")
    outermost = [line for line in done if not line["nested"] and line["name"] in ("question", "run", "program")]
    here = [line for line in outermost if line["process"] == command["process"]]
    first, last = min(line["begin"] for line in here), max(line["end"] for line in here)
    ready = {line["process"]: line["end"] for line in done if line["name"] == "ready"}
    starts = [ready[line["child"]] - line["begin"] for line in done if line["name"] == "start"]
    questions = [line for line in here if line["name"] == "question"]
    asked = _seconds(questions) - _seconds([line for line in outermost if line not in here])
    rows = [
        {"part": "import and planning", "of": "", "times": 1, "seconds": first - launched},
        {"part": "start of worker processes", "of": "", "times": len(starts), "seconds": sum(starts)},
    ]
    for name, part in PARTS.items():
        for label in sorted({line["label"] for line in done if line["name"] == name}):
            some = [line for line in done if line["name"] == name and line["label"] == label]
            counts = {one: sum(line.get(one, 0) for line in some) for one in ("found", "made")}
            seconds = sum(line["alone"] for line in some)
            rows.append({"part": part, "of": label, "times": len(some), "seconds": seconds, **counts})
    rows += [
        {"part": "transport", "of": "", "times": len(questions), "seconds": asked - sum(starts)},
        {"part": "tables and exit", "of": "", "times": 1, "seconds": ended - last},
    ]
    whole = processors * (ended - launched)
    rows.append({"part": "idle", "of": "", "seconds": whole - sum(row["seconds"] for row in rows)})
    rows.append({"part": "whole", "of": "", "seconds": whole})
    rows[-1] |= {"wall_seconds": round(ended - launched, 2), "processor_seconds": round(used, 2)}
    if starts:
        rows[-1]["processor_seconds_of_the_command"] = round(command["processor"], 2)
    on = {"on": f"{processors} {'processes' if starts else 'threads'}"}
    return [on | row | {"seconds": round(row["seconds"], 2), "share": round(row["seconds"] / whole, 4)} for row in rows]


def _seconds(lines: list[dict[str, Any]]) -> float:
    return float(sum(line["end"] - line["begin"] for line in lines))


if __name__ == "__main__":
    print_csv(run())
