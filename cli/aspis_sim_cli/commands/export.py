"""``aspis-sim export``: a study's rows and tables in the formats of others."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands.report import Study
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options.where import Where, settings
from aspis_sim_cli.output import print_text


def export(
    study: Study,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            rich_help_panel=options.OUTPUT,
            help="Rows (csv, json, parquet) or tables of top-1 accuracy by scheme and q (latex, markdown); by default "
            "that of --out, else csv.",
            metavar="NAME",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", rich_help_panel=options.OUTPUT, help="File to write (default: stdout).", metavar="FILE"),
    ] = None,
    where: Where = None,
) -> ExitStatus:
    """Export the rows of a study, or tables for a paper.

    Beside the tables of each adversary stand the worst over attacks, over
    all adversaries, and the ranking of the schemes.

    Examples:

      aspis-sim export studies/first --format latex > table.tex

      aspis-sim export studies/first --out rows.parquet

      aspis-sim export studies/first --where momentum=0.9 --where q=1..3 --format markdown
    """
    from aspis_sim.errors import InputError
    from aspis_sim.files import writable, write_whole
    from aspis_sim.report.files import ENDINGS, ROWS, check_format, exported
    from aspis_sim.report.source import only, opened

    name = format or (ENDINGS.get(out.suffix.lower()) if out else "csv")
    if name is None:
        raise InputError(f"cannot tell a format from {out}; give --format or end it in {', '.join(ENDINGS)}")
    check_format(name)
    if name == "parquet" and out is None:
        raise InputError("Parquet is not text: say where it goes with --out rows.parquet")
    path = None if out is None else writable(out)
    kept = settings(where)
    with opened(study, rows_only=name in ROWS) as found:
        data = only(found, kept)
        made, count, origins = exported(data, name), len(data.rows), data.origins
    if path is None:
        print_text(made.decode())
    else:
        write_whole(path, made)
        complain(f"{count} cells written to {path}")
    if origins > 1:
        complain(f"these cells come from {origins} versions of the code or the data")
    return ExitStatus.DONE
