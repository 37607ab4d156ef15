"""``aspis-sim reproduce``: our numbers beside published ones, cell by cell and curve by curve."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from aspis_sim_cli.boundary import complain, note_environment
from aspis_sim_cli.commands.reproduce_training import TrainingOptions, picture_beside, reproduce_preset, run_in_study
from aspis_sim_cli.devices import use_devices
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options import common as options
from aspis_sim_cli.options import completion
from aspis_sim_cli.options.config import options_of
from aspis_sim_cli.options.spread import spread
from aspis_sim_cli.output import Format, Output, texts

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

REDUCTION_WORKERS = 24
"""K of the published headline on how much Aspis reduces the distortion fraction."""


class Study(NamedTuple):
    """Something published that can be reproduced.

    Attributes:
        run: computes and prints it, given the options, the format, the file and whether to be quiet.
        summary: one line for the list.
        takes: the training options that it takes.
    """

    run: "Callable[[TrainingOptions, Format, Path | None, bool], ExitStatus]"
    summary: str
    takes: tuple[str, ...] = ()


@spread
def reproduce(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[STUDY]",
            help="distortion, linear-regression, fig-7a to fig-14, or a study of this project; list shows them all.",
            autocompletion=completion.names(lambda: _studies()),
        ),
    ] = "list",
    *,
    context: typer.Context,
    training: TrainingOptions,
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Reproduce published results, and compare them with the published numbers.

    A figure trains the runs of its preset; with --out NAME.csv its table is written there, the curves to
    NAME-curves.csv, the runs to NAME-runs.csv and a picture to NAME.png. Exit code 4 if an exact number (distortion,
    linear-regression) differs for no known reason, or if runs failed.

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

    if name in ("list", *STUDIES, *UNKNOWN):
        training.refuse(name, STUDIES[name].takes if name in STUDIES else ())
    if name == "list":
        return _list(format)
    if name in STUDIES:
        return STUDIES[name].run(training, format, out, quiet)
    if name in preset.names():
        return reproduce_preset(name, training, options_of(context), format, out, quiet)
    if name in UNKNOWN:
        raise InputError(f"{name}: {UNKNOWN[name]}")
    raise unknown_name("study", name, _studies())


def _studies() -> list[str]:
    from aspis_sim.reproduction import preset

    return [*STUDIES, *preset.names(), "list"]


def _list(format: Format) -> ExitStatus:
    """Every study, and what of the published figures cannot be one."""
    from aspis_sim.reproduction import preset

    records = [{"study": name, "summary": study.summary} for name, study in STUDIES.items()]
    records += [{"study": name, "summary": preset.load(name).title} for name in preset.names()]
    records += [{"study": name, "summary": reason} for name, reason in UNKNOWN.items()]

    def view(console: "Console") -> None:
        from rich.text import Text

        for record in records:
            console.print(Text(f"{record['study']}: {record['summary']}"), soft_wrap=True)

    Output(format).show(texts(records, ("study", "summary")), view)
    return ExitStatus.DONE


def _distortion(training: TrainingOptions, format: Format, out: "Path | None", quiet: bool) -> ExitStatus:
    """Every cell of the published distortion tables."""
    from rich.console import Group
    from rich.text import Text

    from aspis_sim.distortion.published import Cell, compare
    from aspis_sim.distortion.table import reduction
    from aspis_sim.records import columns_of
    from aspis_sim_cli.output import spinner
    from aspis_sim_cli.render.published_table import notes, published_view, reduction_line

    output = Output.to(format, out)
    cells: list[Cell] = []
    with spinner(quiet) as say:
        for cell in compare():
            cells.append(cell)
            say(f"{len(cells)} cells, {cell.scheme} K={cell.workers} q={cell.q}")
        saved = reduction_line(reduction(REDUCTION_WORKERS))
    output.give(
        texts(cells, columns_of(Cell)),
        lambda console: Group(published_view(cells, console.width), Text(saved)),
        lambda: (*notes(cells), saved),
    )
    return ExitStatus.DONE if all(cell.explained for cell in cells) else ExitStatus.CELLS_FAILED


def _regression(training: TrainingOptions, format: Format, out: "Path | None", quiet: bool) -> ExitStatus:
    """The authors' linear regression, loss by loss."""
    from aspis_sim.files import write_whole
    from aspis_sim.records import columns_of
    from aspis_sim.report.curve_drawing import draw_errors
    from aspis_sim.reproduction.regression import DIGITS, Loss, grids, losses
    from aspis_sim_cli import cache
    from aspis_sim_cli.render.reproduction_table import regression_view

    use_devices(1)
    cache.use_compiled(training.compile_cache)
    note_environment()
    output = Output.to(format, out)
    picture = None if output.path is None else picture_beside(output.path)
    groups = [group for grid in grids() for group in grid.groups()]
    done = run_in_study(groups, training, Output(format), quiet)
    runs = losses(done.runs)
    rows = [loss for run in runs for loss in run]
    text = texts(rows, columns_of(Loss))
    output.write(text)
    if picture is not None:
        errors = {
            f"{run[0].scheme}, {run[0].attack}, {run[0].payload}": [
                abs(loss.ours - loss.published) / abs(loss.published) for loss in run
            ]
            for run in runs
        }
        title = "The authors' linear regression: relative error of our losses"
        write_whole(picture, draw_errors(errors, title, DIGITS))
        complain(f"picture written to {picture}")
    output.show(text, lambda console: regression_view(runs))
    if done.status is not ExitStatus.DONE:
        return done.status
    return ExitStatus.DONE if all(loss.agrees for loss in rows) else ExitStatus.CELLS_FAILED


TAKES = ("study", "other_version", "compile_cache", "json_log")
"""Training options of a study that trains and is the same everywhere."""

STUDIES = {
    "distortion": Study(
        _distortion, "distortion fractions of Aspis, ByzShield, DETOX and the baseline; some 10 seconds"
    ),
    "linear-regression": Study(
        _regression, "the authors' linear regression, five runs loss by loss; some 20 seconds", TAKES
    ),
}

UNKNOWN = {
    f"fig-b{number}": "no preset: batch and learning rates of ByzShield's figures are not published here; "
    "its curves are in the package"
    for number in range(2, 12)
}
"""Published figures that no preset reproduces, and why."""
