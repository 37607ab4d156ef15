"""Does the battery find the worst that there is? A full grid of everything registered, beside the battery.

``python -m benchmarks.attack_grid aspis,median --study FOLDER`` trains, on digits with K=15, q=4, 60 steps and 2 seeds,
every targeting (a frame-up with every number of framed workers) with every payload at its own strength, lying in every
step (those that search by themselves where the battery lets them); and it lets the battery search for the same defence,
with the grid's seeds for its verdict. Targetings that come to the same lies on a system are trained once: their runs
would be the same. A row per defence: the worst cell of the grid by mean top-1 on test data, what the battery found, and
its sample gradients as a share of those of the whole grid, and of its different cells.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from aspis_sim.adversary.payloads import PAYLOADS
from aspis_sim.battery.asked import Asked, asked_for
from aspis_sim.battery.course import concluded, course, grids_of
from aspis_sim.battery.lie import Lie
from aspis_sim.battery.setup import Setup, Trial, all_places
from aspis_sim.battery.standard import SEARCHING
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.executors.base import Executor
from aspis_sim.run.executors.lasting import lasting
from aspis_sim.run.row import Row
from aspis_sim.study.session import Session
from aspis_sim.study.study import Study
from benchmarks.table import print_csv

SETTINGS = {"q": "4", "steps": "60", "seed": "0,1", "lr": "0.1"}


def lies_of(setup: Setup, places: Iterable[tuple[str, int | None]]) -> list[Lie]:
    """Every payload at some places, as far as it is possible there."""
    searching = {one.partition(":")[0]: one for one in SEARCHING}
    own = {name: searching.get(name, name) for name in PAYLOADS}
    payloads = [text for name, text in own.items() if name not in searching or text in setup.searching]
    lies = [Lie(attack, payload, framed) for attack, framed in places for payload in payloads]
    return [lie for lie in lies if setup.possible(lie)]


def trained(setup: Setup, lies: Sequence[Lie], study: Study, pool: Executor) -> list[Row]:
    """The runs of all lies, with the seeds of the verdict."""
    groups = [setup.group(Trial(lie, setup.rates, seeds=setup.seeds)) for lie in lies]
    session = Session(study, [(None, grid) for grid in grids_of(groups)])
    for _ in session.run("", pool):
        pass
    return session.rows()


def worst_cell(rows: Sequence[Row], chance: float) -> tuple[float, Row]:
    """The lowest mean top-1 of the cells that differ in seed only, and a row of it."""
    cells: dict[Any, list[Row]] = {}
    for row in rows:
        cells.setdefault((row.attack, row.payload), []).append(row)
    means = {key: fmean(chance if row.status != "ok" else row.top1 for row in of) for key, of in cells.items()}
    worst = min(means, key=lambda key: means[key])
    return means[worst], cells[worst][0]


def compared(asked: Asked, study: Study, pool: Executor) -> dict[str, Any]:
    """The row of a defence."""
    setup = asked.setup
    assert setup is not None
    whole, different = lies_of(setup, all_places(setup.cell.q)), lies_of(setup, setup.places)
    rows = trained(setup, different, study, pool)
    (found,) = concluded(course([setup], study), pool)
    top1, cell = worst_cell(rows, setup.chance)
    samples = sum(row.samples_processed for row in rows)
    return {
        "scheme": found.scheme,
        "grid_top1": round(top1, 4),
        "grid_attack": f"{cell.attack}, {cell.payload}",
        "grid_cells": len(whole),
        "different_cells": len(different),
        "battery_top1": found.robust_top1 if found.robust_top1 is None else round(found.robust_top1, 4),
        "battery_attack": Lie.of(vars(found)).label,
        "battery_runs": found.runs,
        "share_of_grid": round(found.samples_processed * len(different) / (samples * len(whole)), 3),
        "share_of_different": round(found.samples_processed / samples, 3),
    }


def rows(names: str, study: Study) -> Iterator[dict[str, Any]]:
    """A row a defence."""
    with lasting(EXECUTORS.build("local")) as pool:
        for asked in asked_for({**SETTINGS, "scheme": names}, 1000):
            yield compared(asked, study, pool)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scheme")
    parser.add_argument("--study", type=Path, required=True)
    given = parser.parse_args()
    with Study.open_or_create(given.study) as opened:
        print_csv(list(rows(given.scheme, opened)))
