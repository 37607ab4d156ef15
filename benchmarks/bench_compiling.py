"""What does it take to compile the program of a short run in the two ways there are, and what do its steps then take?

``python -m benchmarks compiling``. Programs of runs of 120 steps on digits, with 455 samples a step, are compiled in
turns, with nothing kept: as for long runs, and quickly, as for short ones.
"""

import time
from collections.abc import Mapping
from functools import partial
from statistics import median
from typing import Any
from unittest import mock

import numpy as np

from aspis_sim.environment import nothing_kept
from aspis_sim.run.resolve import Job, resolve
from aspis_sim.simulation import Run, compiling, program
from benchmarks.bench_step import cell_of
from benchmarks.contenders import timed
from benchmarks.table import print_csv

ROUNDS = 3
REPEATS = 5
WAYS: Mapping[str, compiling.Options] = {"as for long runs": {}, "quickly": compiling.QUICKLY}

ALONE = {"assignment": "baseline", "detector": "none", "redundancy": 1, "samples_per_file": 30}
PROGRAMS: Mapping[str, Mapping[str, Any]] = {
    "median, alie": {**ALONE, "scheme": "median"},
    "multi_krum, alie": {**ALONE, "scheme": "multi_krum", "rule": "multi_krum"},
    "median, min_sum": {**ALONE, "scheme": "median", "payload": "min_sum"},
    "aspis, alie": {"samples_per_file": 1},
}


def run() -> list[dict[str, Any]]:
    """Two rows a program.

    ``compile_seconds`` (by the clock) and ``processor_seconds`` have tracing in them and are the middle ones of a few;
    ``milliseconds`` is the least of a step. ``equal``: whether both come to the same weights, bit for bit.
    """
    rows = []
    for name, fields in PROGRAMS.items():
        job = resolve(cell_of(**fields, dataset="digits", steps=120, lr=0.1))
        _begun(job, {})  # what the first program of a process loads
        made = [(way, _begun(job, options)) for _ in range(ROUNDS) for way, options in WAYS.items()]
        calls = {way: partial(_trained, job, begun) for way, (begun, *_) in made}
        equal = len({call().tobytes() for call in calls.values()}) == 1
        spans = timed(calls, REPEATS)
        for way in WAYS:
            clock = median(seconds for one, (_, seconds, _) in made if one == way)
            processor = median(seconds for one, (_, _, seconds) in made if one == way)
            rows.append(
                {
                    "program": name,
                    "compiled": way,
                    "compile_seconds": round(clock, 2),
                    "processor_seconds": round(processor, 2),
                    "milliseconds": round(spans[way][0] / 120, 3),
                    "equal": equal,
                }
            )
    return rows


def _begun(job: Job, options: compiling.Options) -> tuple[Run, float, float]:
    """A run whose program was compiled with these options for short runs, and the seconds that this took."""
    fresh = mock.patch.dict(program._programs, clear=True)
    with nothing_kept(), fresh, mock.patch.object(compiling, "QUICKLY", options):
        before = time.process_time()
        begun = Run.start(job.shape, job.feed(), job.cell.seed)
        return begun, begun.program.compile_seconds, time.process_time() - before


def _trained(job: Job, begun: Run) -> np.ndarray:
    return np.asarray(begun.to(job.cell.steps, job.decide).state.weights)


if __name__ == "__main__":
    print_csv(run())
