"""How long do a first look at the help and the default sweep take, cold, and how much memory does the sweep need?"""

import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.machine import machine

HELP = ["--help"]
SWEEP = ["sweep", "--q", "1..7", "--attack", "strong"]
PROGRAM = [sys.executable, "-c", "from aspis_sim_cli.app import main; main()"]


def run(help_runs: int = 7, sweep_runs: int = 3) -> list[dict[str, object]]:
    """One row a command: seconds of wall time (median, least, most) and the largest resident memory in MB.

    Every run is a fresh process in an empty folder, without a compilation cache.
    """
    found = []
    for name, words, runs in (("help", HELP, help_runs), ("default sweep", SWEEP, sweep_runs)):
        seconds = [_once(words) for _ in range(runs)]
        found.append(
            {
                "question": name,
                "command": "aspis-sim " + " ".join(words),
                "runs": runs,
                "median_seconds": round(statistics.median(seconds), 3),
                "least_seconds": round(min(seconds), 3),
                "most_seconds": round(max(seconds), 3),
                "peak_megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
                **machine(),
            }
        )
    return found


def _once(words: list[str]) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run([*PROGRAM, *words], check=True, capture_output=True, cwd=folder, env=environment)
        return time.perf_counter() - started


if __name__ == "__main__":
    rows = run()
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
