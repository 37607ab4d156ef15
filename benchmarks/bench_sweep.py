"""How long do the help and the default sweep take, cold, and what is won by one process for all its runs?"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks.machine import machine
from benchmarks.table import print_csv

HELP = ["--help"]
SWEEP = ["sweep", "--q", "1..7", "--attack", "strong"]
PROGRAM = [sys.executable, "-c", "from aspis_sim_cli.app import main; main()"]


def run(help_runs: int = 7, sweep_runs: int = 3) -> list[dict[str, Any]]:
    """One row a command: seconds of wall time (median, least, most) and the largest resident memory so far in MB.

    Every run is a fresh process in an empty folder, without a cache of compiled programs. The last rows hold the sweep
    against its runs one by one: in fresh processes, of which one for every scheme is timed and counted as often as the
    sweep trains that scheme; and, with start and compilation taken off on both sides, by the seconds that these runs
    report, against the sweep less a sweep of one step.
    """
    cold = [
        (name, words, runs) for name, words, runs in (("help", HELP, help_runs), ("default sweep", SWEEP, sweep_runs))
    ]
    cold.append(("default sweep of one step", [*SWEEP, "--steps", "1"], 1))
    found = [_row(name, words, [_once(words)[0] for _ in range(runs)]) for name, words, runs in cold]
    whole, start = (min(row["seconds"]) for row in found[1:])
    fresh, alone = _one_by_one()
    found += [
        _row("its runs one by one, fresh processes", SWEEP, [fresh]) | {"sweep_to_this": round(whole / fresh, 3)},
        _row("its runs one by one, training alone", SWEEP, [alone])
        | {"sweep_to_this": round((whole - start) / alone, 3)},
    ]
    return [{name: value for name, value in row.items() if name != "seconds"} for row in found]


def _row(question: str, words: list[str], seconds: list[float]) -> dict[str, Any]:
    return {
        "question": question,
        "command": "aspis-sim " + " ".join(words),
        "runs": len(seconds),
        "median_seconds": round(statistics.median(seconds), 3),
        "least_seconds": round(min(seconds), 3),
        "most_seconds": round(max(seconds), 3),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "sweep_to_this": "",
        "seconds": seconds,
        **machine(),
    }


def _one_by_one() -> tuple[float, float]:
    """Seconds of all runs of the sweep in fresh processes, and of their training alone."""
    forecasts = json.loads(_once([*SWEEP, "--dry-run", "--format", "json"])[1])["programs"]
    fresh = alone = 0.0
    for one in forecasts:
        words = ["train", "--scheme", one["schemes"], "--q", "4", "--attack", "strong", "--format", "json"]
        wall, printed = _once([*words, "--every", "300"])
        fresh += wall * one["trainings"]
        alone += json.loads(printed)["row"]["seconds"] * one["trainings"]
    return fresh, alone


def _once(words: list[str]) -> tuple[float, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment["ASPIS_CACHE_DIR"] = ""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        done = subprocess.run(
            [*PROGRAM, *words], check=True, capture_output=True, text=True, cwd=folder, env=environment
        )
        return time.perf_counter() - started, done.stdout


if __name__ == "__main__":
    print_csv(run())
