"""``aspis-sim report``: a study as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.where import Where, settings

Study = Annotated[
    Path, typer.Argument(metavar="STUDY", help="Folder of a study, or CSV file of a sweep (which has no curves).")
]


def report(
    study: Study,
    where: Where = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            rich_help_panel=options.OUTPUT,
            help="HTML file to write (default: report.html in the study's folder).",
            metavar="FILE",
        ),
    ] = None,
    curves: Annotated[
        int | None,
        typer.Option(
            "--curves",
            rich_help_panel=options.OUTPUT,
            help="Number of runs whose learning curves are kept (default: at most 4000).",
            metavar="N",
        ),
    ] = None,
) -> ExitStatus:
    """Write a report on a study: one HTML file with all figures and the table.

    It opens from disk, without a network. Filters are kept in its address, so that a
    link can point to a view: report.html#scheme=aspis,detox&attack=strong&q=4

    Examples:

      aspis-sim report studies/first

      aspis-sim report results/sweep.csv --out sweep.html
    """
    from aspis_sim.errors import InputError
    from aspis_sim.files import writable, write_whole
    from aspis_sim.report.libraries import check_library
    from aspis_sim.report.page import default_page, page
    from aspis_sim.report.source import only, opened
    from aspis_sim.report.timelines import RUNS

    check_library("report")
    if curves is not None and curves < 1:
        raise InputError(f"--curves {curves}: a page has the curves of 1 or more runs; leave it out for {RUNS:,}")
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"a report is an HTML file; end {out.name} in .html")
    kept = settings(where)
    with opened(study) as data:
        path = writable(default_page(study) if out is None else out)
        write_whole(path, page(only(data, kept), RUNS if curves is None else curves))
    complain(f"written to {path}")
    return ExitStatus.DONE
