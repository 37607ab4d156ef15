"""What one accelerator does in eight minutes: ``make gpu``, or ``python -m benchmarks.gpu``.

The tests of several devices (on this machine's processors), the benchmarks ``step`` and ``rules``, and as many steps as
fit of two curves of figure 7a with ResNet-18: Aspis and the median at q=2, in float32 and bfloat16. Pixels are random:
what a step costs does not depend on them. One table comes out, to be kept with ``--keep`` in
``benchmarks/results/gpu.csv``.

Nothing else needs an accelerator. ``--try`` runs the same parts in little on any machine, to see that they work.
"""

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from aspis_sim.reproduction import preset
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.cell import Cell
from benchmarks import bench_rules, bench_step
from benchmarks.bench_convolutions import random_images
from benchmarks.table import keep, print_csv, with_machine

SECONDS = 60.0
"""Of steps for each curve and precision; what compiling takes comes on top."""

TESTS = ("tests/simulation", "tests/gradients", "tests/augmentations", "tests/run/test_executors.py")
TESTS_SECONDS = 100
MEMORY = 0.6
"""The share of the accelerator's memory that a step may plan with."""

SERIES = ("Aspis, q = 2", "Median, q = 2")
PRECISIONS = ("float32", "bfloat16")
LITTLE = {"model": "resnet8:norm=batch:width=4", "samples_per_file": 1, "protocol": "files", "batch_size": None}


def main(words: list[str]) -> None:
    """Run the parts one after the other and print their table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keep", action="store_true", help="write the table to benchmarks/results/gpu.csv as well")
    parser.add_argument("--try", dest="little", action="store_true", help="in little, on any machine")
    given = parser.parse_args(words)
    (device, *_) = jax.devices()
    if device.platform == "cpu" and not given.little:
        sys.exit("no accelerator is found: pip install 'jax[cuda12]', or see that the parts work with --try")
    rows = []
    for row in _parts(given.little):
        rows.append({**row, "device": device.device_kind})
        print(f"{row['part']}: {row['question']}, {row['contender']}", file=sys.stderr, flush=True)
    rows = with_machine(rows)
    print_csv(rows)
    if given.keep:
        print(f"kept in {keep('gpu', rows)}", file=sys.stderr)


def _parts(little: bool) -> Iterator[dict[str, Any]]:
    yield _tests(little)
    if not little:
        for name, bench in (("step", bench_step), ("rules", bench_rules)):
            yield from ({"part": name, **row} for row in bench.run(**({"slow": False} if name == "rules" else {})))
    with tempfile.TemporaryDirectory() as folder:
        random_images(Path(folder) / "cifar-10-batches-bin", 600 if little else 10_000)
        os.environ["ASPIS_DATA_DIR"] = folder
        for label in SERIES:
            for precision in PRECISIONS:
                yield _curve(label, precision, little)


def _tests(little: bool) -> dict[str, Any]:
    """The tests that shard over virtual devices, as far as they come in their time."""
    words = [*TESTS[3:], "-k", "devices"] if little else [*TESTS, "-k", "devices or sharded or shards"]
    command = [sys.executable, "-m", "pytest", *words]
    start = time.perf_counter()
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=TESTS_SECONDS, check=False
        )
        said = (done.stdout.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        said = f"not done after {TESTS_SECONDS} s"
    seconds = round(time.perf_counter() - start, 1)
    return {
        "part": "tests",
        "question": "several devices",
        "contender": "aspis-sim",
        "seconds": seconds,
        "outcome": said,
    }


def _curve(label: str, precision: str, little: bool) -> dict[str, Any]:
    """As many steps of a published curve as fit into `SECONDS`."""
    found = preset.only(preset.load("fig-7a"), (label,))
    changes: dict[str, Any] = {"precision": [precision], **{name: [value] for name, value in LITTLE.items() if little}}
    (planned,) = preset.changed(found, seed=[428], **changes).runs()
    cell = dataclasses.replace(planned.group.first, memory=_memory(), seed=428)
    made = {"part": "figure 7a", "question": f"{label}, {cell.model}, {cell.dataset}", "contender": precision}
    try:
        return {**made, **_steps(cell, 2.0 if little else SECONDS)}
    except Exception as error:  # what an accelerator lacks is an outcome
        return {**made, "outcome": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}


def _steps(cell: Cell, seconds: float) -> dict[str, Any]:
    job = resolve(cell)
    start = time.perf_counter()
    run = Run.start(job.shape, job.feed(), cell.seed).to(1, job.decide)
    jax.block_until_ready(run.state.weights)
    first = time.perf_counter() - start
    done, more, span, begin = 1, 1, 0.0, time.perf_counter()
    while span < seconds and done < cell.steps:
        ends = min(done + more, cell.steps)
        run = run.to(ends, job.decide)
        jax.block_until_ready(run.state.weights)
        done, more, span = ends, more * 2, time.perf_counter() - begin
        more = max(1, min(more, int((seconds - span) / (span / (done - 1)))))
    finite = bool(np.isfinite(np.asarray(run.state.weights)).all())
    peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    return {
        "files": len(job.assignment.files),
        "batch_size": job.batch_size,
        "steps": done - 1,
        "steps_of_the_run": cell.steps,
        "milliseconds": round(span / max(1, done - 1) * 1e3, 1),
        "seconds_to_first_step": round(first, 1),
        "peak_gigabytes": "" if peak is None else round(peak / 1e9, 2),
        "outcome": "weights finite" if finite else "weights not finite",
    }


def _memory() -> int:
    found = (jax.devices()[0].memory_stats() or {}).get("bytes_limit")
    return int(MEMORY * found) if found else 4_000_000_000


if __name__ == "__main__":
    main(sys.argv[1:])
