"""``aspis-sim train``: one cell, and its curve."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.devices import use_devices
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.config import options_of
from aspis_sim_cli.options.run import RunOptions
from aspis_sim_cli.options.settings import OneOfEach
from aspis_sim_cli.options.spread import spread
from aspis_sim_cli.output import Format, Output

if TYPE_CHECKING:
    from aspis_sim.run.train import Result


@spread
def train(
    *,
    context: typer.Context,
    settings: OneOfEach,
    run: RunOptions,
    coordinator: options.Coordinator = None,
    processes: options.Processes = None,
    process: options.Process = None,
    every: Annotated[
        int | None,
        typer.Option(
            "--every",
            rich_help_panel=options.OUTPUT,
            help="Steps between points of the learning curve (default: a tenth of the steps).",
            metavar="N",
        ),
    ] = None,
    dry_run: options.DryRun = False,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    tensorboard: options.TensorBoard = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Train one scheme against one attack, and print its learning curve.

    With --format json the run is one object: its row, its curve, and for every step the training loss, the files
    distorted and lost, the workers excluded and the outcome of the detector.

    Examples:

      aspis-sim train --scheme aspis --q 4 --attack strong

      aspis-sim train --scheme aspis --q 4 --attack frame-up --framed 2 --payload constant --format json
    """
    from aspis_sim.errors import InputError
    from aspis_sim.run.trying import prepared
    from aspis_sim.spec.single import one_cell

    run.prepare()
    grid = one_cell(**settings)
    (devices,) = grid["devices"]
    speaks = use_devices(devices, coordinator, processes, process)
    if every is not None and every < 1:
        raise InputError(f"`every` {every}: a curve has a point every 1 or more steps")
    (group,) = prepared(grid)
    if dry_run:
        from aspis_sim_cli.commands.dry_run import show_forecasts

        return show_forecasts((group,), format, options_of(context))
    output = Output.to(format, out)

    from aspis_sim.callbacks import CALLBACKS
    from aspis_sim.metrics import METRICS
    from aspis_sim.report.tensorboard import Board
    from aspis_sim.run.curve import as_points
    from aspis_sim.run.forecast import note_timings
    from aspis_sim.run.train import train as run_one
    from aspis_sim_cli.progress import bar
    from aspis_sim_cli.render.curve_table import curve_view

    board = None if tensorboard is None or not speaks else Board(tensorboard)
    with bar(group.first.steps, quiet or not speaks) as tick:
        result = run_one(group.first, tick, every or max(1, group.first.steps // 10), METRICS, CALLBACKS)
    if not speaks:
        return ExitStatus.DONE
    note_timings(cache.history(), [(group.first, result.seconds, result.compile_seconds)])
    if board is not None:
        complain(f"events written to {board.add(result)}")
    output.give(lambda kind: _text(result, kind), lambda console: curve_view(result, as_points(result)))
    return ExitStatus.DONE


def _text(result: "Result", kind: Format) -> str:
    """The whole run as one JSON object, or its curve as CSV."""
    from aspis_sim.records import as_csv
    from aspis_sim.run.curve import as_record, as_rows

    if kind is Format.JSON:
        return json.dumps(as_record(result), allow_nan=False) + "\n"
    return as_csv(*as_rows(result))
