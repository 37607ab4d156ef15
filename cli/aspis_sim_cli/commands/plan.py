"""``aspis-sim plan``: the cheapest assignments that keep the distortion fraction under what is wanted."""

from typing import Annotated

import typer

from aspis_sim.detection import DETECTORS
from aspis_sim.spec.ranges import names
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.options.system import DEFAULT_WORKERS, SYSTEM, check_seconds
from aspis_sim_cli.output import Format, Output, spinner, texts

WANTED = "Bounds"


def plan(
    workers: Annotated[
        int, typer.Option("--workers", rich_help_panel=SYSTEM, help="Number of workers, K.", metavar="N")
    ] = DEFAULT_WORKERS,
    q: Annotated[
        int, typer.Option("--q", rich_help_panel=SYSTEM, help="Number of Byzantine workers, q < K/2.", metavar="Q")
    ] = 2,
    detector: Annotated[
        str,
        typer.Option(
            "--detector",
            rich_help_panel=SYSTEM,
            help=f"Detectors to choose from: {', '.join(DETECTORS)} (none: majority vote alone).",
            metavar="NAME,…",
            autocompletion=completion.of("detector", several=True),
        ),
    ] = "none,certified",
    max_load: Annotated[
        int | None,
        typer.Option("--max-load", rich_help_panel=WANTED, help="Maximum number of files per worker.", metavar="N"),
    ] = None,
    max_fraction: Annotated[
        float | None,
        typer.Option(
            "--max-fraction",
            rich_help_panel=WANTED,
            help="Maximum distortion fraction ε, 0 to 1.",
            metavar="X",
        ),
    ] = None,
    max_redundancy: Annotated[
        int,
        typer.Option("--max-redundancy", rich_help_panel=WANTED, help="Maximum redundancy r.", metavar="N"),
    ] = 7,
    time_limit: Annotated[
        float,
        typer.Option("--time-limit", help="Seconds for each search of a worst case.", metavar="S"),
    ] = 10.0,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """List the assignments and detectors that keep ε below a bound, cheapest first.

    Cheaper means less computation, then fewer files per worker, then a smaller
    ε; where ε is not proven, its proven bound counts.

    Examples:

      aspis-sim plan --workers 24 --q 5 --max-load 10

      aspis-sim plan --workers 24 --q 5 --max-fraction 0.1 --format json
    """
    from aspis_sim.distortion.catalogue import Option
    from aspis_sim.distortion.catalogue import plan as find
    from aspis_sim.errors import InputError
    from aspis_sim.records import columns_of
    from aspis_sim_cli.render.catalogue_table import plan_view

    check_seconds(time_limit)
    if max_redundancy < 1:
        raise InputError(f"--max-redundancy {max_redundancy}: every file is computed at least once; try 7")
    if max_load is not None and max_load < 1:
        raise InputError(f"--max-load {max_load}: every worker holds at least 1 file; try 10")
    output = Output.to(format, out)
    with spinner(quiet):
        found = find(
            workers,
            q,
            detectors=names(detector),
            max_load=max_load,
            max_fraction=max_fraction,
            max_redundancy=max_redundancy,
            time_limit=time_limit,
        )

    output.give(texts(found, columns_of(Option)), lambda console: plan_view(found, workers, console.width))
    return ExitStatus.DONE
