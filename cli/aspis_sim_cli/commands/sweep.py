"""``aspis-sim sweep``: a grid of training runs over q, schemes, attacks, payloads and redundancies."""

import hashlib
import time
from pathlib import Path

from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands import options
from aspis_sim_cli.commands.dry_run import show_forecasts
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, stdout
from aspis_sim_cli.ranges import integers, names, reals

SAVE_EVERY = 1.0
"""Seconds between two rewrites of the results file while cells finish."""


def sweep(
    q: options.Q = "1..7",
    attack: options.Attacks = "strong",
    scheme: options.Schemes = options.DEFAULT_SCHEMES,
    workers: options.Workers = 15,
    redundancy: options.Redundancies = "3",
    payload: options.Payloads = "alie",
    strength: options.Strengths = None,
    framed: options.Framed = None,
    assignment: options.AssignmentName = None,
    detector: options.DetectorName = None,
    aggregator: options.Aggregator = None,
    convention: options.Convention = None,
    after_detection: options.AfterDetection = None,
    permute: options.Permute = None,
    adversary_window: options.AdversaryWindow = None,
    detection_window: options.DetectionWindow = 15,
    dataset: options.DatasetName = "digits",
    samples: options.Samples = None,
    dimension: options.Dimension = None,
    data_dir: options.DataDir = None,
    model: options.ModelName = None,
    protocol: options.Protocol = "files",
    samples_per_file: options.SamplesPerFile = 4,
    batch_size: options.BatchSize = None,
    steps: options.Steps = 300,
    lr: options.Rates = options.DEFAULT_RATES,
    momentum: options.Momentum = None,
    init: options.Initial = "model",
    precision: options.Precision = "float32",
    x64: options.X64 = False,
    seeds: options.Seeds = "0..2",
    compute: options.Compute = "shared",
    devices: options.Devices = 1,
    memory: options.Memory = "4GB",
    compile_cache: options.CompileCache = True,
    dry_run: options.DryRun = False,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
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
    from aspis_sim.data import search
    from aspis_sim.experiment.grid import Grid, Group
    from aspis_sim.experiment.row import writable

    search.use(data_dir)
    cache.use_compiled(compile_cache)
    options.use_devices(devices)
    grid = Grid(
        schemes=names(scheme),
        q=integers(q, "--q"),
        attacks=names(attack),
        payloads=names(payload),
        strengths=(None,) if strength is None else reals(strength, "--strength"),
        framed=options.framed_workers(framed),
        workers=workers,
        redundancies=integers(redundancy, "--redundancy"),
        rates=reals(lr, "--lr"),
        seeds=integers(seeds, "--seeds"),
        protocol=protocol,  # type: ignore[arg-type]
        samples_per_file=samples_per_file,
        batch_size=batch_size,
        assignment=assignment,
        detector=detector,
        rule=aggregator,
        convention=convention,
        after_detection=after_detection,  # type: ignore[arg-type]
        adversary_window=adversary_window,
        detection_window=detection_window,
        permute=permute,
        **options.data_and_model(dataset, samples, dimension, model, momentum),
        steps=steps,
        compute=compute,  # type: ignore[arg-type]
        devices=devices,
        memory=options.memory_bytes(memory),
        initial=init,  # type: ignore[arg-type]
        precision=options.precision_of(precision, x64),
    )
    options.wants_classes(grid.dataset)
    tables = grid.tables()
    groups = grid.groups()
    if dry_run:
        return show_forecasts(groups, format)
    if out is None and format is Format.TABLE:
        digest = hashlib.sha256(repr(grid).encode()).hexdigest()[:8]
        out = Path("results") / f"sweep-{'-'.join(grid.attacks)}-k{workers}-{digest}.csv"
    written = Format.CSV if out is None else file_format(out, format)
    path = None if out is None else writable(out)

    from aspis_sim.experiment.cell import Cell
    from aspis_sim.experiment.execution import Event
    from aspis_sim.experiment.execution import sweep as run
    from aspis_sim.experiment.forecast import remember
    from aspis_sim.experiment.row import Row, as_csv, as_json, write_whole
    from aspis_sim.experiment.summary import panels, worst_over_attacks
    from aspis_sim_cli.live import follow
    from aspis_sim_cli.render.sweep_table import panel_view, worst_view

    finished: dict[Group, list[Row]] = {group: [] for group in groups}
    timed: list[tuple[Cell, float]] = []
    saved = time.monotonic()

    def text(kind: Format) -> str:
        rows = [row for group in groups for row in sorted(finished[group], key=lambda row: group.seeds.index(row.seed))]
        return as_json(rows) if kind is Format.JSON else as_csv(rows)

    def arrived(event: Event) -> None:
        nonlocal saved
        assert event.group is not None
        assert event.row is not None
        finished[event.group].append(event.row)
        if event.row.seconds is not None:
            timed.append((event.group.first, event.row.seconds))
        if path is not None and time.monotonic() - saved > SAVE_EVERY:
            write_whole(path, text(written))
            saved = time.monotonic()

    cells = sum(len(group.seeds) for group in groups)
    complete = follow(run(groups), sum(group.steps for group in groups), cells, arrived, quiet)
    remember(cache.history(), timed)
    if path is not None:
        write_whole(path, text(written))
    if format is Format.TABLE:
        console = stdout()
        shown = panels(tables, finished)
        for panel in shown:
            console.print(panel_view(panel, grid, console.width))
        for worst in worst_over_attacks(shown):
            console.print(worst_view(worst, grid, console.width))
    else:
        print(text(format), end="")

    rows = [row for members in finished.values() for row in members]
    if path is not None:
        complain(f"{len(rows)} of {cells} cells written to {path}")
    if not complete:
        complain(f"interrupted: {len(rows)} of {cells} cells had finished and are kept")
        return ExitStatus.INTERRUPTED
    failed = [row for row in rows if row.status.startswith("failed")]
    for reason in dict.fromkeys(row.status for row in failed):
        complain(f"{sum(row.status == reason for row in failed)} cells {reason}")
    return ExitStatus.CELLS_FAILED if failed else ExitStatus.DONE
