"""``aspis-sim export``: the rows of a study."""

from pathlib import Path
from typing import Annotated

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands import options
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format


def export(
    study: Annotated[Path, typer.Argument(help="The folder of the study.", show_default=False)],
    format: options.FormatOption = Format.CSV,
    out: options.Out = None,
) -> ExitStatus:
    """Write the rows of a study, those of all its grids, each once.

    Examples:

      aspis-sim export studies/first --format csv > first.csv

      aspis-sim export studies/first --out first.json
    """
    from aspis_sim.errors import InputError
    from aspis_sim.experiment.row import as_csv, as_json, writable, write_whole
    from aspis_sim.experiment.store import Store

    if format is Format.TABLE:
        raise InputError("the rows of a study are exported as csv or json")
    path = None if out is None else writable(out)
    written = format if out is None else file_format(out, format)
    with Store.open(study) as store:
        rows = store.rows()
        origins = len({place.origin for place in store.places()})
    text = as_json(rows) if written is Format.JSON else as_csv(rows)
    if path is None:
        print(text, end="")
    else:
        write_whole(path, text)
        complain(f"{len(rows)} rows written to {path}")
    if origins > 1:
        complain(f"these rows come from {origins} versions of the code or the data")
    return ExitStatus.DONE
