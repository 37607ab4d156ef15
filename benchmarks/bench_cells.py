"""Does a study of many small cells stay flat, in time per cell, in memory and on disk, and how long does planning take?

``python -m benchmarks cells`` prints CSV. Every question is answered in a fresh process.
"""

import functools
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.table import print_csv

SCHEMES: dict[str, dict[str, Any]] = {
    "median": {"scheme": "median", "model": "softmax"},
    "detox": {"scheme": "detox", "model": "softmax"},
    "aspis of 5 workers": {"scheme": "aspis", "workers": 5, "model": "softmax"},
    "median on data of each seed": {
        "scheme": "median",
        "dataset": "linear-regression:samples=1000:dimension=100",
        "model": "linear",
        "strength": (1.0,),
        "seed": tuple(range(500)),
    },
}
"""Studies, each of cells that take the same time."""

SMALL: dict[str, Any] = {
    "lr": (0.1,),
    "steps": 5,
    "q": (1, 2),
    "strength": tuple(one / 10 for one in range(1, 11)),
    "seed": tuple(range(50)),
}
"""What the cells have in common unless their study says otherwise: 1,000 of a scheme."""

PART = 100
"""Cells at the begin of a study, and at its end, that are compared."""

COMPILING = 10
"""Cells at the begin that are left out: programs are compiled in them."""

PLANS = {"1,000 groups of 10 seeds": (100, 10), "10,000 groups of a seed": (1000, 1)}
"""Strengths and seeds of the grids that are planned; two schemes and five q make 10,000 cells of them."""


def run() -> list[dict[str, Any]]:
    """One row a question.

    Of a study: milliseconds a cell (median) in the first and in the last hundred, resident memory in 10^6 bytes, bytes
    of the store a cell, compiled programs, and entries of all the caches of the package, after the first hundred cells
    and at the end. ``grown`` names caches with more entries at the end. The cells run one after the other, so that the
    time of each is known.

    Of a plan: seconds to multiply a grid out, check it and tell what is to be done, and to forecast its programs; and
    those of the command that does both, with imports.
    """
    studies = [_apart("study", name) for name in SCHEMES]
    plans = [_apart("plan", name) for name in PLANS]
    return [row | machine() for row in (*studies, *plans)]


def _apart(kind: str, name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_cells", kind, name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def study_of(name: str) -> dict[str, Any]:
    """The row of one study, run in this process."""
    from aspis_sim.run.executors.local import local
    from aspis_sim.simulation import compilations
    from aspis_sim.spec.grid import Grid
    from aspis_sim.study import Study
    from aspis_sim.study.session import Session

    grid = Grid.of(**(SMALL | SCHEMES[name]))
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Study.create(Path(folder) / "study") as study:
        session = Session(study, [(None, grid)])
        for event in session.run(executor=local(processors=1)):
            if event.ended is None:
                continue
            ends.append(time.perf_counter())
            if len(ends) == COMPILING + PART:
                early = _state(study, len(ends)), caches(), compilations()
        late = _state(study, len(ends)), caches(), compilations()
    cells = [1000 * (end - begin) for begin, end in pairwise(ends)]
    first, last = statistics.median(cells[COMPILING : COMPILING + PART]), statistics.median(cells[-PART:])
    grown = {cache: size - early[1].get(cache, 0) for cache, size in late[1].items() if size > early[1].get(cache, 0)}
    return {
        "question": f"study of {name}",
        "cells": len(ends),
        "first_milliseconds": round(first, 2),
        "last_milliseconds": round(last, 2),
        "last_to_first": round(last / first, 3),
        "mean_milliseconds": round(statistics.mean(cells[COMPILING:]), 2),
        "early_megabytes": round(early[0][0], 1),
        "late_megabytes": round(late[0][0], 1),
        "late_to_early": round(late[0][0] / early[0][0], 3),
        "early_bytes_per_cell": round(early[0][1]),
        "late_bytes_per_cell": round(late[0][1]),
        "early_programs": early[2],
        "late_programs": late[2],
        "early_cached": sum(early[1].values()),
        "late_cached": sum(late[1].values()),
        "grown": " ".join(f"{cache}+{more}" for cache, more in sorted(grown.items())),
    }


def _state(study: Any, cells: int) -> tuple[float, float]:
    """Resident memory in 10^6 bytes, and bytes of the study a cell."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    (size,) = study.connection.execute(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    ).fetchone()
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, size / cells


def caches() -> dict[str, int]:
    """Entries of what can grow in the modules of the package: cached functions, and collections of modules."""
    sizes = {
        f"{one.__module__}.{one.__qualname__}": one.cache_info().currsize
        for one in gc.get_objects()
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith("aspis_sim")
    }
    modules = {name: module for name, module in sys.modules.items() if name.startswith("aspis_sim.")}
    for name, module in modules.items():
        held = {key: value for key, value in vars(module).items() if isinstance(value, dict | list | set)}
        sizes |= {f"{name}.{key}": len(value) for key, value in held.items() if not key.startswith("__")}
    return sizes


def plan_of(name: str) -> dict[str, Any]:
    """The row of one plan, made in this process, and by the command."""
    from aspis_sim.run.forecast import forecasts
    from aspis_sim.spec.grid import AXES, Grid
    from aspis_sim.study import Study
    from aspis_sim.study.session import Session

    strengths, seeds = PLANS[name]
    given: dict[str, tuple[Any, ...]] = {
        "scheme": ("detox", "median"),
        "q": tuple(range(1, 6)),
        "strength": tuple((1 + one) / 1000 for one in range(strengths)),
        "seed": tuple(range(seeds)),
        "lr": (0.1,),
        "steps": (5,),
        "model": ("softmax",),
    }
    started = time.perf_counter()
    with Study.in_memory() as study:
        pending = Session(study, [(None, Grid.of(**given))]).pending
        planned = time.perf_counter()
        programs = len(forecasts(pending.groups, None))
        told = time.perf_counter()
    lists = {AXES[name].flag_of_several: ",".join(map(str, values)) for name, values in given.items()}
    words = [word for flag, values in lists.items() for word in (f"--{flag}", values)]
    command = [sys.executable, "-m", "aspis_sim_cli", "sweep", "--dry-run", "--format", "json", *words]
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return {
        "question": f"plan of {name}",
        "cells": pending.cells,
        "plan_seconds": round(planned - started, 3),
        "forecast_seconds": round(told - planned, 3),
        "command_seconds": round(time.perf_counter() - begun, 3),
        "late_programs": programs,
    }


def main(words: list[str]) -> None:
    """Print the rows as CSV; with a kind of question and a name, answer it here as JSON."""
    if words:
        kind, name = words
        print(json.dumps({"study": study_of, "plan": plan_of}[kind](name)))
        return
    print_csv(run())


if __name__ == "__main__":
    main(sys.argv[1:])
