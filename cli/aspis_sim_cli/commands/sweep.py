"""``aspis-sim sweep``: a grid of training runs over q, schemes, attacks, payloads and redundancies."""

import hashlib
from pathlib import Path

import typer

from aspis_sim_cli.commands import options
from aspis_sim_cli.commands.dry_run import show_forecasts
from aspis_sim_cli.commands.run_options import RunOptions
from aspis_sim_cli.commands.study_options import StudyOptions
from aspis_sim_cli.config import command_line, settings
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, keep_stdout_for_results
from aspis_sim_cli.ranges import integers, names, reals
from aspis_sim_cli.shared_options import spread


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
    study: StudyOptions,
    executor: options.Executor = "local",
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

    With --study every run is kept in a folder as soon as it ends, whatever becomes of this process: the same command
    goes on where it stopped, and so does --study alone; several processes share the work. Other options add to it.

    Examples:

      aspis-sim sweep --q 1..7 --attack strong

      aspis-sim sweep --q 2..6:2 --attack strong,weak --scheme aspis,detox --seeds 0..4 --out study.csv

      aspis-sim sweep --q 4 --payload alie --strength 0.5..2:0.5 --protocol batch --format csv

      aspis-sim sweep --study studies/first --q 1..7 --attack strong,weak

      aspis-sim sweep --study studies/first --add-seeds 5
    """
    from aspis_sim.report.tensorboard import Board
    from aspis_sim.run.executors import EXECUTORS
    from aspis_sim.run.row import writable
    from aspis_sim.spec.grid import Grid
    from aspis_sim_cli.session import Work

    study.check()
    if EXECUTORS.check(executor) == "ray":
        keep_stdout_for_results()  # Ray says there that a worker was lost
    run.prepare()
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
    with study.opened(dry_run) as store:
        grids = study.grids(store, grid, context)
        options.use_devices(max(one.devices for _, one in grids))
        for _, one in grids:
            options.wants_classes(one.dataset)
        work = Work(store, grids, study)
        if dry_run:
            return show_forecasts(work.left.groups, format, settings(context))
        if out is None and format is Format.TABLE and study.study is None:
            digest = hashlib.sha256(repr(grid).encode()).hexdigest()[:8]
            out = Path("results") / f"sweep-{'-'.join(grid.attacks)}-k{grid.workers}-{digest}.csv"
        written = Format.CSV if out is None else file_format(out, format)
        path = None if out is None else writable(out)
        board = None if tensorboard is None else Board(tensorboard)
        complete = work.run(command_line(context), quiet, json_log, path, written, board, executor)
        if format is Format.TABLE:
            work.show()
        else:
            print(work.text(format), end="")
        return work.status(complete, path)
