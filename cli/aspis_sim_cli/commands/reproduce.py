"""``aspis-sim reproduce``: our numbers beside published ones, cell by cell and curve by curve."""

import csv
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from aspis_sim_cli import completion
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands import options
from aspis_sim_cli.commands.reproduce_training import TrainingOptions, picture_beside, reproduce_preset
from aspis_sim_cli.config import settings
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, stdout
from aspis_sim_cli.shared_options import spread

if TYPE_CHECKING:
    from pathlib import Path

REDUCTION_WORKERS = 24
"""K of the published headline on how much Aspis reduces the distortion fraction."""


class Study(NamedTuple):
    """Something published that can be reproduced.

    Attributes:
        run: computes and prints it, given the format, the file and whether to be quiet.
        summary: one line for the list.
    """

    run: "Callable[[Format, Path | None, bool], ExitStatus]"
    summary: str


@spread
def reproduce(
    study: Annotated[
        str,
        typer.Argument(
            help="list (what there is), distortion, linear-regression, fig-7a to fig-14, or fashion-mnist.",
            autocompletion=lambda ctx, incomplete: completion.names(_studies())(ctx, incomplete),
        ),
    ] = "list",
    *,
    context: typer.Context,
    training: TrainingOptions,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Put our numbers beside the published ones, with a verdict on how close they came.

    A figure trains what its preset says: with --out NAME.csv a table goes there, the curves to NAME-curves.csv, the
    runs to NAME-runs.csv and a picture to NAME.png. Exit code 4 if a number that is exact differs from ours without a
    known reason (distortion, linear-regression), or if runs failed.

    Examples:

      aspis-sim reproduce list

      aspis-sim reproduce distortion --format csv --out cells.csv

      aspis-sim reproduce fig-7a --dry-run

      aspis-sim reproduce fig-7a --scale small --series "q = 2"

      aspis-sim reproduce fig-7b --search --series bulyan --out rates.toml
    """
    from aspis_sim.errors import InputError
    from aspis_sim.registry import unknown_name
    from aspis_sim.reproduction import preset

    if study in ("list", *STUDIES, *UNKNOWN):
        training.refuse(study)
    if study == "list":
        return _list(format)
    if study in STUDIES:
        return STUDIES[study].run(format, out, quiet)
    if study in preset.names():
        return reproduce_preset(study, training, settings(context), format, out, quiet)
    if study in UNKNOWN:
        raise InputError(f"{study}: {UNKNOWN[study]}")
    raise unknown_name("study", study, _studies())


def _studies() -> list[str]:
    from aspis_sim.reproduction import preset

    return [*STUDIES, *preset.names(), "list"]


def _list(format: Format) -> ExitStatus:
    """Every study, and what of the published figures cannot be one."""
    from aspis_sim.reproduction import preset

    records = [{"study": name, "summary": study.summary} for name, study in STUDIES.items()]
    records += [{"study": name, "summary": preset.load(name).title} for name in preset.names()]
    records += [{"study": name, "summary": reason} for name, reason in UNKNOWN.items()]
    if format is Format.TABLE:
        for record in records:
            print(f"{record['study']}: {record['summary']}")
    elif format is Format.JSON:
        print(json.dumps(records, indent=2))
    else:
        writer = csv.DictWriter(sys.stdout, ["study", "summary"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    return ExitStatus.DONE


def _distortion(format: Format, out: "Path | None", quiet: bool) -> ExitStatus:
    """Every cell of the published distortion tables."""
    from aspis_sim.distortion.published import Cell, compare
    from aspis_sim.distortion.table import reduction
    from aspis_sim.run.row import as_csv, as_json, writable, write_whole
    from aspis_sim_cli.commands.system_options import spinner
    from aspis_sim_cli.render.published_table import notes, published_view, reduction_line

    written = None if out is None else file_format(out, format)
    path = None if out is None else writable(out)
    cells: list[Cell] = []
    with spinner(quiet) as say:
        for cell in compare():
            cells.append(cell)
            say(f"{len(cells)} cells, {cell.scheme} K={cell.workers} q={cell.q}")
        saved = reduction_line(reduction(REDUCTION_WORKERS))

    def text(kind: Format | None) -> str:
        return as_json(cells) if kind is Format.JSON else as_csv(cells, Cell)

    if path is not None:
        write_whole(path, text(written))
        complain(f"written to {path}")
    if format is Format.TABLE:
        console = stdout()
        console.print(published_view(cells, console.width))
        console.print(saved)
    else:
        print(text(format), end="")
        for line in (*notes(cells), saved):
            complain(line)
    return ExitStatus.DONE if all(cell.explained for cell in cells) else ExitStatus.CELLS_FAILED


def _regression(format: Format, out: "Path | None", quiet: bool) -> ExitStatus:
    """The authors' linear regression, loss by loss."""
    from aspis_sim.report.curve_drawing import Line, draw
    from aspis_sim.reproduction.regression import Loss, cells, losses
    from aspis_sim.run.row import as_csv, as_json, writable, write_whole
    from aspis_sim_cli import cache
    from aspis_sim_cli.progress import bar
    from aspis_sim_cli.render.reproduction_table import regression_view

    cache.use_compiled(True)
    written = None if out is None else file_format(out, format)
    path = None if out is None else writable(out)
    picture = None if path is None else picture_beside(path)
    with bar(sum(cell.steps for cell in cells()), quiet) as tick:
        runs = list(losses(tick))
    rows = [loss for run in runs for loss in run]

    def text(kind: Format | None) -> str:
        return as_json(rows) if kind is Format.JSON else as_csv(rows, Loss)

    if path is not None:
        write_whole(path, text(written))
        complain(f"written to {path}")
    if picture is not None:
        lines = [
            Line(f"{run[0].scheme}, {run[0].attack}, {run[0].payload}", is_published, range(1, len(run) + 1), values)
            for run in runs
            for is_published, values in (
                (True, [loss.published for loss in run]),
                (False, [loss.ours for loss in run]),
            )
        ]
        write_whole(picture, draw(lines, "The authors' linear regression", "step", "loss", logarithmic=True))
        complain(f"picture written to {picture}")
    if format is Format.TABLE:
        stdout().print(regression_view(runs))
    else:
        print(text(format), end="")
    return ExitStatus.DONE if all(loss.agrees for loss in rows) else ExitStatus.CELLS_FAILED


STUDIES = {
    "distortion": Study(
        _distortion, "distortion fractions of Aspis, ByzShield, DETOX and the baseline; some 10 seconds"
    ),
    "linear-regression": Study(_regression, "the authors' linear regression, five runs loss by loss; some 20 seconds"),
}

UNKNOWN = {
    f"fig-b{number}": "no preset: batch and learning rates of ByzShield's figures are not published here; "
    "its curves are in the package"
    for number in range(2, 12)
}
"""Published figures that no preset reproduces, and why."""
