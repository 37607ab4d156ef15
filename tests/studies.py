"""Studies as a sweep leaves them, made cell by cell."""

from dataclasses import replace

from aspis_sim.run.machine import this_machine
from aspis_sim.run.rate import Validation
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.train import Result, train
from aspis_sim.spec.grid import Grid
from aspis_sim.study.fingerprint import origin_of
from aspis_sim.study.study import Study

GRID = Grid.of(
    scheme=("aspis", "median"), q=1, workers=5, lr=0.1, seed=(0, 1), steps=6, samples_per_file=2, model="softmax"
)


def make_study(folder, grid=GRID, every=None, change=lambda row: row, trained=True):
    """Every cell of the grid, trained (or else with an accuracy made up from its q and seed), then changed."""
    with Study.create(folder) as study:
        groups = grid.groups()
        study.asked.add(grid, groups)
        for group in groups:
            for seed in group.seeds:
                cell = replace(group.first, seed=seed)
                result = train(cell, every=every) if trained else Result(cell, Validation(0.5, 0.5))
                row = row_of(resolve(cell), result)
                if not trained:
                    row = row.replaced(top1=0.9 - 0.1 * cell.q - 0.01 * seed, loss=1.0, seconds=1.0, status="ok")
                study.commit(
                    replace(result, validation=Validation(0.5, 0.5)), change(row), origin_of(cell), this_machine()
                )
    return folder
