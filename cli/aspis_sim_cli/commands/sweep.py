"""``aspis-sim sweep``: a grid of training runs over q, schemes, attacks, payloads and redundancies."""

import hashlib
from pathlib import Path

import typer

from aspis_sim_cli.commands import options
from aspis_sim_cli.commands.dry_run import show_forecasts
from aspis_sim_cli.commands.run_options import RunOptions
from aspis_sim_cli.config import settings
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, stdout
from aspis_sim_cli.ranges import integers, names, reals
from aspis_sim_cli.spread import spread


@spread
def sweep(
    q: options.Q = "1..7",
    attack: options.Attacks = "strong",
    scheme: options.Schemes = options.DEFAULT_SCHEMES,
    redundancy: options.Redundancies = "3",
    payload: options.Payloads = "alie",
    strength: options.Strengths = None,
    lr: options.Rates = options.DEFAULT_RATES,
    seeds: options.Seeds = "0..2",
    protocol: options.Protocol = "files",
    batch_size: options.BatchSize = None,
    *,
    context: typer.Context,
    run: RunOptions,
    dry_run: options.DryRun = False,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    tensorboard: options.TensorBoard = None,
    quiet: options.Quiet = False,
    json_log: options.JsonLog = None,
) -> ExitStatus:
    """Train every scheme under every adversary of a grid, and compare.

    The learning rate is chosen per scheme and q on validation data with the first seed. The results are printed, and
    written as CSV to --out (by default results/sweep-….csv when a table is printed). Ctrl-C keeps the cells that have
    finished.

    Examples:

      aspis-sim sweep --q 1..7 --attack strong

      aspis-sim sweep --q 2..6:2 --attack strong,weak --scheme aspis,detox --seeds 0..4 --out study.csv

      aspis-sim sweep --q 4 --payload alie --strength 0.5..2:0.5 --protocol batch --format csv
    """
    from aspis_sim.experiment.grid import Grid
    from aspis_sim.experiment.row import writable

    run.prepare()
    options.use_devices(run.devices)
    grid = Grid(
        schemes=names(scheme),
        q=integers(q, "--q"),
        attacks=names(attack),
        payloads=names(payload),
        strengths=(None,) if strength is None else reals(strength, "--strength"),
        redundancies=integers(redundancy, "--redundancy"),
        rates=reals(lr, "--lr"),
        seeds=integers(seeds, "--seeds"),
        protocol=protocol,  # type: ignore[arg-type]
        batch_size=batch_size,
        **run.grid_fields(),
    )
    options.wants_classes(grid.dataset)
    tables = grid.tables()
    groups = grid.groups()
    if dry_run:
        return show_forecasts(groups, format, settings(context))
    if out is None and format is Format.TABLE:
        digest = hashlib.sha256(repr(grid).encode()).hexdigest()[:8]
        out = Path("results") / f"sweep-{'-'.join(grid.attacks)}-k{grid.workers}-{digest}.csv"
    written = Format.CSV if out is None else file_format(out, format)
    path = None if out is None else writable(out)

    from aspis_sim.experiment.summary import panels, worst_over_attacks
    from aspis_sim.experiment.tensorboard import Board
    from aspis_sim_cli.commands.run_groups import run_groups
    from aspis_sim_cli.render.sweep_table import panel_view, worst_view

    board = None if tensorboard is None else Board(tensorboard)
    outcome = run_groups(groups, quiet, path, written, log=json_log, finished=None if board is None else board.add)
    if format is Format.TABLE:
        console = stdout()
        shown = panels(tables, outcome.rows)
        for panel in shown:
            console.print(panel_view(panel, grid, console.width))
        for worst in worst_over_attacks(shown):
            console.print(worst_view(worst, grid, console.width))
    else:
        print(outcome.text(format), end="")
    return outcome.status()
