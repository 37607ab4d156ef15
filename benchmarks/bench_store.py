"""How long do the commands that read a study of 100,000 cells take, and how much memory? What does a resume decide?"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aspis_sim.detection import Outcome
from aspis_sim.records import as_csv
from aspis_sim.run.machine import this_machine
from aspis_sim.run.rate import Validation
from aspis_sim.run.row import COLUMNS, Row
from aspis_sim.run.train import Result
from aspis_sim.simulation import Score, Trace
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study import Study
from aspis_sim.study.fingerprint import code_version, origin_of
from aspis_sim.study.ledger import StudyLedger
from aspis_sim.study.pending import pending
from benchmarks.machine import machine
from benchmarks.made_up import row_of
from benchmarks.table import print_csv

STRENGTHS, SEEDS = 800, 5
STEPS = 300

GRID = Grid.of(
    scheme=("aspis", "aspis-certified", "byzshield", "detox", "median"),
    q=(1, 2, 3, 4, 5),
    strength=tuple((1 + one) / 100 for one in range(STRENGTHS)),
    lr=(0.1,),
    seed=tuple(range(SEEDS)),
    steps=STEPS,
    model="softmax",
)
"""100,000 cells in 20,000 groups."""

COMMANDS = {
    "aspis-sim export --format csv": "export {study} --format csv --out {study}/../rows.csv",
    "aspis-sim report": "report {study} --out {study}/../report.html",
    "aspis-sim verify --stored": "verify {study} --stored",
}
"""Commands that read a whole study, each in a process of its own."""


def run(grid: Grid = GRID) -> list[dict[str, Any]]:
    """One row a question; the cells of the study are made up, all but the last in every hundred groups are there.

    ``peak_megabytes``: the most memory that the process of a command had (10^6 bytes); None for what runs in this one.
    """
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        groups, multiplied = _timed(grid.groups)
        _, filled = _timed(lambda: fill(study, grid, groups))
        rows, exported = _timed(lambda: _exported(study))
        code_version.cache_clear()
        (cells, done), decided = _timed(lambda: _decided(study, groups))
        if not 0 < done < cells or done != rows:
            raise AssertionError(f"{done} of {cells} cells are known, {rows} were exported")
        size = sum(path.stat().st_size for path in study.iterdir())
        figures = {"cells": cells, "stored": rows, "megabytes": round(size / 1e6, 1), **machine()}
        asked = {
            "export as CSV": exported,
            "decide what is left": decided,
            "multiply out and check the grid": multiplied,
            "commit all, a transaction each": filled,
        }
        peaks: dict[str, float] = {}
        for name, words in COMMANDS.items():
            wall, busy, peaks[name] = _command(words.format(study=study))
            asked[name] = wall, busy
        return [
            {
                "question": question,
                "seconds": round(wall, 2),
                "processor_seconds": round(busy, 2),
                "peak_megabytes": round(peaks[question]) if question in peaks else None,
                **figures,
            }
            for question, (wall, busy) in asked.items()
        ]


def _command(words: str) -> tuple[float, float, float]:
    """Seconds of wall time and of processors, and the peak of memory in 10^6 bytes, of a command that ends well."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "aspis_sim_cli", *words.split()], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: aspis-sim {words}")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6


def _exported(study: Path) -> int:
    with Study.open(study) as store:
        return as_csv(store.rows(), tuple(COLUMNS)).count("\n") - 1


def _decided(study: Path, groups: tuple[Replicates, ...]) -> tuple[int, int]:
    with Study.open(study, write=True) as store:
        found = pending(groups, StudyLedger(store))
        return found.cells, found.done


def _timed(work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    """What the work gives; seconds of wall time, and of processors (fewer where others use them, too)."""
    started = time.perf_counter(), time.process_time()
    made = work()
    return made, (time.perf_counter() - started[0], time.process_time() - started[1])


def fill(study: Path, grid: Grid, groups: tuple[Replicates, ...]) -> None:
    """Make a study with results drawn from a seed; every hundredth group lacks its last seed."""
    with Study.create(study) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        store.asked.add(grid, groups, "python -m benchmarks store")
        here, origin = this_machine(), origin_of(groups[0].first)
        for result, row in made_up(groups):
            store.commit(result, row, origin, here)


def made_up(groups: tuple[Replicates, ...]) -> Iterator[tuple[Result, Row]]:
    """Results that look like those of runs, with their rows."""
    draws = np.random.default_rng(0)
    outcomes = len(tuple(Outcome))
    for number, group in enumerate(groups):
        for seed in group.seeds if number % 100 else group.seeds[:-1]:
            cell = replace(group.first, seed=seed)
            top1 = float(draws.integers(36, 345)) / 359
            loss = float(str(np.float32(draws.exponential())))
            counts = [draws.integers(0, 3, cell.steps, np.int32) for _ in range(4)]
            names = ("distorted", "lost", "excluded_byzantine", "excluded_honest")
            trace = Trace(
                loss=draws.exponential(size=cell.steps).astype(np.float32),
                **dict(zip(names, counts, strict=True)),
                outcome=draws.integers(0, outcomes, cell.steps, np.int8),
            )
            score, tenth = Score(top1, loss), cell.steps // 10
            curve = tuple((step, score) for step in range(tenth, cell.steps + 1, tenth))
            result = Result(
                cell, Validation(top1, loss), trace=trace, finite=True, test=score, curve=curve, seconds=0.5
            )
            yield result, _row(cell, top1, loss)


def _row(cell: Cell, top1: float, loss: float) -> Row:
    epsilon = 28 / 455
    measured = {"distortion_theory": epsilon, "distortion_measured": epsilon, "lost_measured": 0.0}
    rates = {"detection_rate": 0.0, "false_accusation_rate": 0.0}
    return row_of(cell, 455, 91, top1=top1, loss=loss, seconds=0.5, **measured, **rates)


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    print_csv(run())
