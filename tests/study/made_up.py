"""Studies with results that nobody computed, for tests of what keeps them."""

from dataclasses import replace

import numpy as np

from aspis_sim.run.rate import Validation
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Finished, Machine, Origin, Store
from tests.rows import of_cell

GRID = Grid(schemes=("median", "detox"), q=(1, 2), seeds=(0, 1), rates=(0.1, 0.2), steps=6, model="softmax")
ORIGIN = Origin("code", "data")
MACHINE = Machine({"jax": "1", "python": "3"}, "cpu", "somewhere")


def finished(cell, top1=0.5, loss=1.25, failed=False, seconds=0.5):
    row = of_cell(
        cell,
        distortion_theory=1 / 3,
        lost_measured=None,
        top1=None if failed else top1,
        loss=None if failed else loss,
        samples_processed=10**12,
        seconds=None if failed else seconds,
        status="failed: it broke" if failed else "ok",
    )
    counts = np.arange(cell.steps, dtype=np.int32)
    trace = {
        "loss": np.linspace(2, 1, cell.steps, dtype=np.float32),
        "distorted": counts,
        "lost": 0 * counts,
        "excluded_byzantine": counts % 2,
        "excluded_honest": counts % 3,
        "outcome": (counts % 2).astype(np.int8),
    }
    curve = ((3, 0.25, 2.5), (6, None, float("nan")))
    return Finished(
        cell, row, Validation(top1, loss, failed), seconds, {} if failed else trace, () if failed else curve
    )


def cells(grid=GRID):
    """Every run that the grid can need: with all rates and seeds."""
    return [
        replace(group.first, lr=rate, seed=seed)
        for group in grid.groups()
        for rate in group.rates
        for seed in group.seeds
    ]


def study(folder, grid=GRID, leave_out=(), origin=ORIGIN, **results):
    """A study of a grid in which the larger rate is the better one, but for the runs with these numbers."""
    with Store.create(folder) as store:
        store.add_grid(grid, grid.groups(), "aspis-sim sweep")
        for number, cell in enumerate(cells(grid)):
            if number not in leave_out:
                store.commit(finished(cell, top1=cell.lr, **results), origin, MACHINE)
    return folder
