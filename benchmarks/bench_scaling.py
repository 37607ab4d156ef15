"""How does a step grow with the workers, and what do more devices change but the bytes that they exchange?

The first question fits ``milliseconds ~ files^slope`` over K at r = 3, where the files are C(K, 3). The second runs the
same cell on 1, 2, 4 and 8 devices (virtual ones on a CPU, which share its cores: they show that nothing changes, and
what is moved, not speed) and compares the traces with those of one device.
"""

import sys
from typing import Any

import jax
import numpy as np

from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from benchmarks.bench_step import cell_of, our_step
from benchmarks.contenders import timed
from benchmarks.machine import machine
from benchmarks.table import print_csv

WORKERS = (9, 15, 21, 27, 33)
DEVICES = (1, 2, 4, 8)
SMALL = {"dataset": "synthetic:dimension=64:samples=8000", "model": "mlp", "samples_per_file": 1}
COUNTS = ("distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome")


def run() -> list[dict[str, Any]]:
    """One row a K and attack, with the slope up to there; then one row a number of devices."""
    try:
        jax.config.update("jax_num_cpu_devices", max(DEVICES))
    except RuntimeError:
        print("devices are already in use: run this benchmark alone for more than one", file=sys.stderr)
    return [*_workers("weak"), *_workers("strong"), *_devices()]


def _workers(attack: str) -> list[dict[str, Any]]:
    cells = {k: cell_of(attack=attack, workers=k, q=(k - 1) // 3, steps=12, **SMALL) for k in WORKERS}
    contenders = {k: our_step(cell, 6) for k, cell in cells.items()}
    spans = timed({str(k): call for k, (call, _, _) in contenders.items()}, repeats=7, patience=20.0)
    made: list[dict[str, Any]] = []
    files = [len(resolve(cells[k]).assignment.files) for k in WORKERS]
    least = [spans[str(k)][0] / contenders[k][1] for k in WORKERS]
    for index, k in enumerate(WORKERS):
        some = slice(max(0, index - 2), index + 1)
        slope = np.polyfit(np.log(files[some]), np.log(least[some]), 1)[0] if index else None
        made.append(
            {
                "question": f"workers, {attack}",
                "workers": k,
                "devices": 1,
                "files": files[index],
                "parameters": resolve(cells[k]).plan.parameters,
                "milliseconds": round(least[index], 3),
                "slope_by_files": "" if slope is None else round(float(slope), 2),
                "megabytes_moved": 0.0,
                "same_as_one_device": "",
                "compile_seconds": round(contenders[k][2], 2),
                **machine(),
            }
        )
    return made


def _devices() -> list[dict[str, Any]]:
    made, reference = [], None
    for devices in (count for count in DEVICES if count <= len(jax.devices())):
        cell = cell_of(attack="strong", devices=devices, steps=12, **SMALL)
        job = resolve(cell)
        call, steps, compiling = our_step(cell, 6)
        least, _ = timed({"step": call}, repeats=5)["step"]
        state = Run.start(job.shape, job.feed(), cell.seed).to(12, job.decide).state
        found = [np.asarray(getattr(state.trace, column)) for column in COUNTS]
        reference = reference or (found, np.asarray(state.weights))
        same = all(np.array_equal(one, other) for one, other in zip(found, reference[0], strict=True))
        near = np.allclose(state.weights, reference[1], rtol=1e-4, atol=1e-6)
        files, parameters = len(job.assignment.files), job.plan.parameters
        made.append(
            {
                "question": "devices, strong",
                "workers": cell.workers,
                "devices": devices,
                "files": files,
                "parameters": parameters,
                "milliseconds": round(least / steps, 3),
                "slope_by_files": "",
                "megabytes_moved": round(moved(files, parameters, devices) / 1e6, 2),
                "same_as_one_device": bool(same and near),
                "compile_seconds": round(compiling, 2),
                **machine(),
            }
        )
    return made


def moved(files: int, parameters: int, devices: int, itemsize: int = 4) -> int:
    """Bytes that cross between devices in a step whose robust rule sees every tile.

    The all-to-all hands every device its columns of all files, of which it has a share already; the all-gather of the
    update gives every device the other devices' columns.
    """
    apart = files * parameters * itemsize * (devices - 1) // devices
    return apart + parameters * itemsize * (devices - 1)


def main() -> None:
    """Print the rows as CSV."""
    print_csv(run())


if __name__ == "__main__":
    main()
