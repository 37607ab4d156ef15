"""How many processors XLA sees changes how it splits operations between threads, and must not change a run."""

import os
import subprocess
import sys

RUNS = """
import hashlib
import jax
import numpy as np
from aspis_sim.adversary.payloads import payload
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run, compiling, program
from aspis_sim.spec.grid import Grid

images = {"model": "lenet", "dataset": "synthetic:height=32:width=32:channels=3:samples=2000"}
for quickly, settings in (
    (compiling.QUICKLY, {"scheme": "aspis-certified", "model": "mlp", "q": 2}),
    (compiling.QUICKLY, {"scheme": "byzshield", "model": "mlp", "q": 2, "rule": "caf"}),
    ({}, {"scheme": "aspis-certified", "model": "mlp", "q": 1}),
    ({}, {"scheme": "multi_krum", "model": "mlp", "q": 2}),
    ({}, {"scheme": "byzshield", "model": "mlp", "q": 3, "rule": "caf"}),
    ({}, {"scheme": "average", "q": 4, "payload": "alie", "momentum": 0.9} | images),
):
    compiling.QUICKLY = quickly  # as short runs are compiled, and as long ones
    program._programs.clear()
    job = resolve(Grid.of(**settings, seed=0, lr=0.1, steps=3).groups()[0].first)
    weights = Run.start(job.shape, job.feed(), 0).to(3, job.decide).state.weights
    print(job.cell.scheme, hashlib.sha256(np.asarray(weights)).hexdigest())

random = np.random.default_rng(7)
shape = (20, 15, 12_730)
files = (0.01 * random.normal(size=shape) * (random.random(shape) < 0.5)).astype(np.float32)
for name in ("min_sum", "min_max", "hidden"):
    lie = jax.jit(payload(name), compiler_options=compiling.ON_CPU)
    print(name, *(hashlib.sha256(np.asarray(lie(rows, None))).hexdigest() for rows in files))
"""


def start(processors: int) -> subprocess.Popen[str]:
    environment = os.environ | {"NPROC": str(processors)}
    return subprocess.Popen([sys.executable, "-c", RUNS], env=environment, stdout=subprocess.PIPE, text=True)


def test_one_processor_and_four_come_to_the_same_numbers():
    begun = [start(1), start(4)]
    first, second = (process.communicate()[0].splitlines() for process in begun)
    assert [process.returncode for process in begun] == [0, 0]
    assert len(first) == 9
    assert first == second
