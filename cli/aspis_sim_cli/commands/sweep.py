"""``aspis-sim sweep``: a grid of training runs, every setting of which may vary."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from aspis_sim.printable import printable
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.devices import use_devices
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.config import command_line, options_of
from aspis_sim_cli.options.run import RunOptions
from aspis_sim_cli.options.settings import Settings
from aspis_sim_cli.options.spread import spread
from aspis_sim_cli.options.study import StudyOptions
from aspis_sim_cli.output import Format, Output, keep_stdout_for_results

if TYPE_CHECKING:
    from aspis_sim.spec.grid import Grid


@spread
def sweep(
    *,
    context: typer.Context,
    settings: Settings,
    run: RunOptions,
    study: StudyOptions,
    executor: options.Executor = "local",
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    tensorboard: options.TensorBoard = None,
    quiet: options.Quiet = False,
    json_log: options.JsonLog = None,
) -> ExitStatus:
    """Train every scheme against every attack of a grid, and compare them.

    Every setting takes a list, and the grid is the product of all lists. The learning rate is chosen per scheme and q
    on validation data with the first seed. The results are also written as CSV, to --out or results/sweep-….csv.
    Ctrl-C keeps the cells that have finished.

    Examples:

      aspis-sim sweep --q 1..7 --attack strong

      aspis-sim sweep --q 2..6:2 --scheme aspis,detox --out study.csv

      aspis-sim sweep --q 4 --scheme aspis --detector clique,certified

      aspis-sim sweep --study studies/first --q 1..7 --seeds 0..4
    """
    from aspis_sim.report.tensorboard import Board
    from aspis_sim.run.executors import EXECUTORS
    from aspis_sim.spec.grid import Grid
    from aspis_sim.study.session import Session
    from aspis_sim_cli.session import Way, rows_text, run_session, status, tables_view

    study.check()
    if EXECUTORS.check(executor) == "ray":
        keep_stdout_for_results()  # Ray says there that a worker was lost
    run.prepare()
    grid = Grid.of(**settings)
    with study.opened(dry_run) as opened:
        grids = study.grids(opened, grid, list(settings))
        for _, one in grids:
            _check(one, yes)
        use_devices(max(devices for _, one in grids for devices in one["devices"]))
        session = Session(opened, grids, study.selection())
        if dry_run:
            from aspis_sim_cli.commands.dry_run import show_forecasts

            return show_forecasts(session.pending.groups, format, options_of(context))
        if out is None and format is Format.TABLE and study.study is None:
            out = Path("results") / _file_name(grid)
        output = Output.to(format, out)
        board = None if tensorboard is None else Board(tensorboard)
        if study.study is not None:
            part = f" of shard {study.shard}" if study.shard else ""
            complain(f"{session.pending.done} of {session.pending.cells} cells{part} were there already")
        way = Way(quiet, json_log, executor, study.points, board)
        complete = run_session(session, command_line(context), output, way)
        output.show(rows_text(session), tables_view(session.rows()))
        if study.study is not None:
            after = session.still_pending()
            complain(f"{after.done} of {after.cells} cells are in {printable(study.study)}")
        return status(session, complete)


def _check(grid: "Grid", yes: bool) -> None:
    """Refuse what a sweep is not for.

    Raises:
        InputError: there are more cells than are asked for by accident, or a data set has no accuracy.
    """
    from aspis_sim.data import DATASETS
    from aspis_sim.errors import InputError
    from aspis_sim.spec.part import parse_part

    if not yes:
        grid.check_size()
    for dataset in grid["dataset"]:
        name = parse_part(dataset).name
        if name in DATASETS and not DATASETS.traits(name).classes:
            raise InputError(f"a sweep compares accuracies, and {name} has no accuracy; use aspis-sim train")


def _file_name(grid: "Grid") -> str:
    """A name that says what was asked for beside q and the like, with a digest of all."""
    from aspis_sim.spec.grid import AXES
    from aspis_sim.study.fingerprint import grid_digest

    plain = ("scheme", "q", "attack", "workers", "lr", "seed", "steps")
    told = [(name, values) for name, values in grid.identity.items() if name not in plain]
    overrides = [f"{name}-{'-'.join(AXES[name].written(value) for value in values)}" for name, values in told]
    parts = [*grid["attack"], *(f"k{workers}" for workers in grid["workers"]), *overrides]
    name = re.sub(r"[^A-Za-z0-9_.+]+", "-", "-".join(parts))[:100].rstrip("-.")
    return f"sweep-{name}-{grid_digest(grid)[:8]}.csv"
