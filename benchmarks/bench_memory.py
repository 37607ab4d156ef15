"""How much memory does a step on a large model take, beside the matrix of all gradients, and how long is it?

``python -m benchmarks memory`` prints CSV. Every contender runs in a fresh process, whose largest resident memory is
read at its end; what the process had before its first step (interpreter, libraries, compiler, data) is apart.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

import jax

from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.cell import Cell
from benchmarks.machine import machine
from benchmarks.table import print_csv

IMAGES = "synthetic:samples=1500:height=32:width=32:channels=3"
STEPS = 3

CELLS: dict[str, dict[str, Any]] = {
    "ResNet-18 of 16 channels": {"model": "resnet18:width=16", "dataset": IMAGES, "memory": 6 * 10**9},
    "ResNet-18": {"model": "resnet18", "dataset": IMAGES, "memory": 6 * 10**9},
    "MLP 784-8192-10": {"model": "mlp:hidden=8192", "dataset": "synthetic:dimension=784", "memory": 2 * 10**9},
}
"""Contenders: 455 files of one sample; the strong attack leaves two cliques, so that the exact median decides."""


def _cell(**fields: Any) -> Cell:
    return Cell(
        scheme="aspis",
        assignment="subset",
        detector="clique",
        rule="median",
        workers=15,
        redundancy=3,
        q=4,
        attack="strong",
        payload="alie",
        samples_per_file=1,
        lr=0.01,
        seed=0,
        steps=STEPS,
        **fields,
    )


def measured(name: str) -> dict[str, Any]:
    """The row of one contender, in this process; gigabytes are of 10^9 bytes."""
    cell = _cell(**CELLS[name])
    job = resolve(cell)
    plan, files = job.plan, len(job.assignment.files)
    run = Run.start(job.shape, job.feed(), cell.seed)
    before, seconds = _resident(), []
    for stop in range(1, STEPS + 1):
        started = time.perf_counter()
        run = run.to(stop, job.decide)
        jax.block_until_ready(run.state.weights)
        seconds.append(time.perf_counter() - started)
    return {
        "question": name,
        "parameters": plan.parameters,
        "files": files,
        "memory_gigabytes": cell.memory / 1e9,
        "peak_gigabytes": _resident(),
        "before_first_step_gigabytes": before,
        "matrix_of_gradients_gigabytes_computed": round(plan.parameters * files * 4 / 1e9, 2),
        "seconds_a_step": round(min(seconds[1:]), 2),
        "most_seconds_a_step": round(max(seconds[1:]), 2),
        "first_step_seconds": round(seconds[0], 2),
        "compile_seconds": round(run.program.compile_seconds, 1),
        "distorted": int(run.state.trace.distorted[-1]),
        **{f"plan_{field}": value for field, value in asdict(plan).items() if field != "parameters"},
    }


def _resident() -> float:
    """The largest resident memory of this process so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)


def run() -> list[dict[str, Any]]:
    """One row a contender: peak resident memory, seconds a step, and what was planned."""
    return [_apart(name) for name in CELLS]


def _apart(name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bench_memory", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {**json.loads(done.stdout.splitlines()[-1]), **machine()}


def main(names: list[str]) -> None:
    """Print the rows as CSV; with a name, measure that contender here and print its row as JSON."""
    if names:
        print(json.dumps(measured(names[0])))
        return
    print_csv(run())


if __name__ == "__main__":
    main(sys.argv[1:])
