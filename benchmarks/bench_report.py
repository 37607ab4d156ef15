"""How long does it take to report on and export a study of 100,000 cells, and how large is the page?

``python -m benchmarks.bench_report`` prints CSV. The study is made up: ten schemes under a hundred adversaries, ten q
and ten seeds, in a store with a trace of 300 steps each; making it is timed apart. First the page's means are compared
with means computed from the rows alone, and what is exported with what was put in.
"""

import math
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from aspis_sim.analysis.tables import tables_of
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.report.axes import Wanted
from aspis_sim.report.figures import figure
from aspis_sim.report.files import ROWS, exported
from aspis_sim.report.page import page
from aspis_sim.report.source import opened
from aspis_sim.run.rate import Validation
from aspis_sim.run.row import Row
from aspis_sim.run.train import Result
from aspis_sim.schemes import scheme
from aspis_sim.simulation import Score, Trace
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study import Machine, Origin, Study
from aspis_sim.study.reading import rows_of
from benchmarks.machine import machine
from benchmarks.made_up import row_of
from benchmarks.table import print_csv

SCHEMES = (
    "aspis", "aspis-certified", "aspis-sound", "aspis-unanimous", "aspis+", "byzshield", "detox", "draco-repetition",
    "median", "average",
)  # fmt: skip
ATTACKS = ("strong", "weak", "majority", "decoy", "frame-up")
PAYLOADS = ("alie", "constant", "reversed", "sign_flip")
STRENGTHS = (0.5, 1.0, 1.5, 2.0, 2.5)
Q = tuple(range(1, 11))
SEEDS = tuple(range(10))
STEPS = 300


def cells() -> Iterator[Cell]:
    """The first cell of every group of the study, in order."""
    for attack, payload, strength, q, name in product(ATTACKS, PAYLOADS, STRENGTHS, Q, SCHEMES):
        preset = scheme(name)
        yield Cell(
            **preset.fills,
            scheme=name,
            workers=21,
            redundancy=3 if ASSIGNMENTS.traits(preset.assignment).redundant else 1,
            q=q,
            attack=attack,
            payload=payload,
            strength=strength,
            samples_per_file=4,
            lr=0.1,
            seed=0,
            steps=STEPS,
        )


def finished(cell: Cell, random: np.random.Generator) -> tuple[Result, Row]:
    """A run made up for the cell, and its row: noisy, so that nothing in it packs better than a real one."""
    detects = cell.detector != "none"
    top1 = float(np.clip(random.normal(0.95 - 0.07 * cell.q, 0.05), 0.05, 1.0))
    found = np.arange(STEPS) >= random.integers(1, STEPS)
    distorted = np.where(found & detects, 0, random.integers(0, 20)) + random.integers(0, 2, STEPS)
    excluded = np.where(found & detects, random.integers(0, cell.q + 1, STEPS), 0)
    row = row_of(
        cell,
        files=1330,
        load=190,
        distortion_theory=cell.q / 21,
        distortion_measured=float(distorted.mean()) / 1330,
        lost_measured=float(random.random()) / 10,
        detection_rate=float(excluded.mean()) / cell.q if detects else None,
        false_accusation_rate=0.0 if detects else None,
        top1=top1,
        loss=2.5 - 2 * top1,
        seconds=1.0,
    )
    trace = Trace(
        loss=(2.3 * np.exp(-np.arange(STEPS) / 80) + random.normal(0.2, 0.02, STEPS)).astype(np.float32),
        distorted=distorted.astype(np.int32),
        lost=np.zeros(STEPS, np.int32),
        excluded_byzantine=excluded.astype(np.int32),
        excluded_honest=np.zeros(STEPS, np.int32),
        outcome=np.where(found, 0, 2).astype(np.int8) if detects else np.full(STEPS, 4, np.int8),
    )
    curve = tuple(
        (step, Score(top1 * step / STEPS, 2.5 - 2 * top1 * step / STEPS)) for step in range(10, STEPS + 1, 10)
    )
    score = Validation(top1, 1.0)
    return Result(cell, score, trace=trace, finite=True, test=curve[-1][1], curve=curve, seconds=1.0), row


def make(folder: Path, groups_most: int | None = None) -> list[Row]:
    """Fill a new study through the store's own commits; gives its rows."""
    random = np.random.default_rng(0)
    first = list(cells())[:groups_most]
    grid = Grid.of(
        scheme=SCHEMES, q=Q, attack=ATTACKS, payload=PAYLOADS, strength=STRENGTHS, lr=0.1, seed=SEEDS, workers=21
    )
    origin = Origin("0" * 64, "1" * 64)
    made_on = Machine({"aspis-sim": "0.1.0", "jax": "0.10", "numpy": "2.4", "python": "3.11"}, "cpu", "here")
    rows = []
    with Study.create(folder) as store:
        # the study is thrown away, so nobody waits for the disk
        store.connection.execute("PRAGMA synchronous = OFF")
        store.asked.add(grid, [Replicates(cell, (0.1,), SEEDS) for cell in first], "python -m benchmarks report")
        for cell, seed in product(first, SEEDS):
            result, row = finished(replace(cell, seed=seed), random)
            store.commit(result, row, origin, made_on)
            rows.append(row)
    return rows


def check(folder: Path, rows: list[Row]) -> None:
    """The rows come back as they were, and the page's means are those of the rows."""
    with opened(folder) as study:
        if list(study.rows) != rows or rows_of(exported(study, "csv").decode(), "export") != study.rows:
            raise AssertionError("the study holds other rows than were put in")
        tables = tables_of(study.rows)
    by_hand = defaultdict(list)
    for row in rows:
        by_hand[row.attack, row.payload, row.strength, row.scheme, row.q].append(row.top1 or 0.0)
    for table in tables.tables:
        for (label, q), entry in table.entries.items():
            values = by_hand.pop((table.attack, table["payload"], table["strength"], table.scheme_of[label], q))
            if entry.top1 is None or not math.isclose(entry.top1.value, sum(values) / len(values), rel_tol=1e-12):
                raise AssertionError(f"another mean for {label} at q={q}")
    if by_hand:
        raise AssertionError(f"{len(by_hand)} results are in no table")


def run(groups_most: int | None = None) -> list[dict[str, Any]]:
    """One row for each command: seconds from opening the study to its last byte, and bytes.

    Args:
        groups_most: the first so many groups alone, to see that it works.
    """
    made = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "study"
        started = _now()
        rows = make(folder, groups_most)
        made.append(_row("make the study", len(rows), started, (folder / "study.db").stat().st_size))
        check(folder, rows)
        one_adversary = Wanted(attacks=ATTACKS[:1], payloads=(f"{PAYLOADS[0]} {STRENGTHS[0]:g}",))
        works: dict[str, Callable[[Any], bytes]] = {
            "report": lambda study: page(study).encode(),
            **{f"export --format {kind}": _exporter(kind) for kind in ("csv", "json", "parquet", "latex", "markdown")},
            "plot accuracy": lambda study: figure(study, "accuracy", ".pdf", one_adversary),
        }
        for name, work in works.items():
            started = _now()
            with opened(folder, rows_only=name.removeprefix("export --format ") in ROWS) as study:
                size = len(work(study))
            made.append(_row(name, len(rows), started, size))
    return made


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _exporter(kind: str) -> Callable[[Any], bytes]:
    return lambda study: exported(study, kind)


def _row(work: str, count: int, started: tuple[float, float], size: int) -> dict[str, Any]:
    seconds, busy = time.perf_counter() - started[0], time.process_time() - started[1]
    return {
        "work": work,
        "cells": count,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(busy, 2),
        "megabytes": round(size / 1e6, 2),
        **machine(),
    }


def main() -> None:
    """Print the rows as CSV."""
    print_csv(run())


if __name__ == "__main__":
    main()
