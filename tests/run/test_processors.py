"""How many processors XLA sees changes how it splits operations between threads, and must not change a run."""

import os
import subprocess
import sys

RUNS = """
import hashlib
import numpy as np
from aspis_sim.run.resolve import resolve
from aspis_sim.simulation import Run
from aspis_sim.spec.grid import Grid

for settings in ({"scheme": "aspis-certified"}, {"scheme": "multi_krum"}, {"scheme": "byzshield", "rule": "caf"}):
    job = resolve(Grid.of(**settings, model="mlp", q=2, seed=0, lr=0.1, steps=3).groups()[0].first)
    weights = Run.start(job.shape, job.feed(), 0).to(3, job.decide).state.weights
    print(job.cell.scheme, hashlib.sha256(np.asarray(weights)).hexdigest())
"""


def runs(processors: int) -> list[str]:
    environment = os.environ | {"NPROC": str(processors)}
    done = subprocess.run([sys.executable, "-c", RUNS], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_one_processor_and_four_come_to_the_same_numbers():
    found = runs(1)
    assert len(found) == 3
    assert found == runs(4)
