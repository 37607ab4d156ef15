"""Studies as a sweep leaves them, made cell by cell."""

from dataclasses import replace

from aspis_sim.run.rate import Validation
from aspis_sim.run.train import row as row_of
from aspis_sim.run.train import train
from aspis_sim.spec.grid import Grid
from aspis_sim.study import Finished, Store
from aspis_sim.study.fingerprint import origin_of
from aspis_sim.study.ledger import this_machine

GRID = Grid(
    schemes=("aspis", "median"), q=(1,), workers=5, rates=(0.1,), seeds=(0, 1), steps=6, samples_per_file=2,
    model="softmax",
)  # fmt: skip


def make_study(folder, grid=GRID, every=None, change=lambda row: row, trained=True):
    """Every cell of the grid, trained (or else with an accuracy made up from its q and seed), then changed."""
    with Store.create(folder) as store:
        groups = grid.groups()
        store.add_grid(grid, groups)
        for group in groups:
            for seed in group.seeds:
                cell = replace(group.first, seed=seed)
                result = train(cell, every=every) if trained else None
                row = row_of(cell, result)
                if result is None:
                    row = replace(row, top1=0.9 - 0.1 * cell.q - 0.01 * seed, loss=1.0, seconds=1.0)
                finished = Finished(
                    cell,
                    change(row),
                    Validation(0.5, 0.5),
                    trace=result.trace._asdict() if result else {},
                    curve=tuple((step, *score) for step, score in result.curve) if result else (),
                )
                store.commit(finished, origin_of(cell), this_machine())
    return folder
