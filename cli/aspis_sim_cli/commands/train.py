"""``aspis-sim train``: one cell, and its curve."""

import json
from typing import Annotated

import typer

from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands import options
from aspis_sim_cli.commands.dry_run import show_forecasts
from aspis_sim_cli.commands.run_options import RunOptions
from aspis_sim_cli.config import settings
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, stdout
from aspis_sim_cli.shared_options import spread


@spread
def train(
    scheme: options.Scheme = "aspis",
    q: options.OneQ = 2,
    attack: options.Attack = "strong",
    redundancy: options.OneRedundancy = 3,
    payload: options.Payload = "alie",
    strength: options.Strength = None,
    lr: options.Rate = 0.03,
    seed: options.Seed = 0,
    *,
    context: typer.Context,
    run: RunOptions,
    coordinator: options.Coordinator = None,
    processes: options.Processes = None,
    process: options.Process = None,
    every: Annotated[
        int | None,
        typer.Option("--every", rich_help_panel=options.OUTPUT, help="Steps between points of the curve."),
    ] = None,
    dry_run: options.DryRun = False,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    tensorboard: options.TensorBoard = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Train one scheme under one adversary, and print its curve.

    As JSON the run is one object: the row of a sweep, the curve, and for every step the training loss, the files
    distorted and lost, the workers excluded and the detector's outcome.

    Examples:

      aspis-sim train --scheme aspis --q 4 --attack strong

      aspis-sim train --scheme aspis --q 4 --attack frame-up --framed 2 --payload constant --format json
    """
    from aspis_sim.errors import InputError
    from aspis_sim.run.row import writable, write_whole
    from aspis_sim.spec.grid import Grid

    run.prepare()
    speaks = options.use_devices(run.devices, coordinator, processes, process)
    if every is not None and every < 1:
        raise InputError(f"--every {every}: a curve has a point every 1 or more steps")
    grid = Grid(
        schemes=(scheme,),
        q=(q,),
        attacks=(attack,),
        payloads=(payload,),
        strengths=(strength,),
        redundancies=(redundancy,),
        rates=(lr,),
        seeds=(seed,),
        **run.grid_fields(),
    )
    groups = grid.groups()
    if len(groups) > 1:
        raise InputError(f"--framed {run.framed}: one run frames one number of workers; use sweep for several")
    if dry_run:
        return show_forecasts(groups, format, settings(context))
    (group,) = groups
    written = None if out is None else file_format(out, format)
    path = None if out is None else writable(out)

    from aspis_sim.report.tensorboard import Board
    from aspis_sim.run.curve import Point, as_points, as_record
    from aspis_sim.run.forecast import remember
    from aspis_sim.run.row import as_csv
    from aspis_sim.run.train import train as run_one
    from aspis_sim_cli.progress import bar
    from aspis_sim_cli.render.curve_table import curve_view

    board = None if tensorboard is None or not speaks else Board(tensorboard)
    with bar(group.first.steps, quiet or not speaks) as tick:
        result = run_one(group.first, tick, every or max(1, group.first.steps // 10))
    if not speaks:
        return ExitStatus.DONE
    remember(cache.history(), [(group.first, result.seconds)])
    points = as_points(result)
    if board is not None:
        complain(f"events written to {board.add(result)}")

    def text(kind: Format | None) -> str:
        if kind is Format.JSON:
            return json.dumps(as_record(result), allow_nan=False) + "\n"
        return as_csv(points, Point)

    if path is not None:
        write_whole(path, text(written))
        complain(f"written to {path}")
    if format is Format.TABLE:
        stdout().print(curve_view(result, points))
    else:
        print(text(format), end="")
    return ExitStatus.DONE
