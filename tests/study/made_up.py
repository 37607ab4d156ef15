"""Studies with results that nobody computed, for tests of what keeps them."""

from dataclasses import replace

import numpy as np

from aspis_sim.run.rate import Validation
from aspis_sim.run.row import Row
from aspis_sim.run.train import Result
from aspis_sim.simulation import Score, Trace
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Machine, Origin, Study
from aspis_sim.study.checksums import note_missing
from tests.rows import of_cell

GRID = Grid.of(scheme=("median", "detox"), q=(1, 2), seed=(0, 1), lr=(0.1, 0.2), steps=6, model="softmax")
ORIGIN = Origin("code", "data")
MACHINE = Machine({"jax": "1", "python": "3"}, "cpu", "somewhere")


def finished(
    cell: Cell, top1: float = 0.5, loss: float = 1.25, failed: bool = False, seconds: float = 0.5
) -> tuple[Result, Row]:
    """What a run of the cell could have left: its result and its row."""
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
    trace = Trace(
        loss=np.linspace(2, 1, cell.steps, dtype=np.float32),
        distorted=counts,
        lost=0 * counts,
        excluded_byzantine=counts % 2,
        excluded_honest=counts % 3,
        outcome=(counts % 2).astype(np.int8),
    )
    curve = ((3, Score(0.25, 2.5)), (6, Score(None, float("nan"))))
    result = Result(
        cell,
        Validation(top1, loss, failed),
        failure="it broke" if failed else "",
        trace=None if failed else trace,
        finite=not failed,
        test=None if failed else Score(top1, loss),
        curve=() if failed else curve,
        seconds=seconds,
    )
    return result, row


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
    with Study.create(folder) as made:
        made.asked.add(grid, grid.groups(), "aspis-sim sweep")
        for number, cell in enumerate(cells(grid)):
            if number not in leave_out:
                made.commit(*finished(cell, top1=cell.lr, **results), origin, MACHINE)
    return folder


def sealed(connection):
    """Give all that an open database holds the checksums that it would have, had it been written like that."""
    connection.execute("DELETE FROM run_checksums")
    connection.execute("DELETE FROM checksums")
    note_missing(connection, late=False)
