"""``aspis-sim reproduce``: our numbers beside published ones, cell by cell."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands import options
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, file_format, stdout

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


def reproduce(
    study: Annotated[str, typer.Argument(help="What to reproduce: distortion; or list, for what there is.")] = "list",
    format: options.FormatOption = Format.TABLE,
    out: options.Out = None,
    quiet: options.Quiet = False,
) -> ExitStatus:
    """Put our numbers beside the published ones, cell by cell, errata named.

    Exit code 4 if a published number differs from ours without a known reason.

    Examples:

      aspis-sim reproduce list

      aspis-sim reproduce distortion

      aspis-sim reproduce distortion --format csv --out cells.csv
    """
    from aspis_sim.registry import unknown_name

    if study == "list":
        return _list(format)
    if study not in STUDIES:
        raise unknown_name("study", study, [*STUDIES, "list"])
    return STUDIES[study].run(format, out, quiet)


def _list(format: Format) -> ExitStatus:
    if format is Format.TABLE:
        for name, study in STUDIES.items():
            print(f"{name}: {study.summary}")
        return ExitStatus.DONE
    records = [{"study": name, "summary": study.summary} for name, study in STUDIES.items()]
    if format is Format.JSON:
        import json

        print(json.dumps(records, indent=2))
    else:
        import csv
        import sys

        writer = csv.DictWriter(sys.stdout, ["study", "summary"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
    return ExitStatus.DONE


def _distortion(format: Format, out: "Path | None", quiet: bool) -> ExitStatus:
    """Every cell of the published distortion tables."""
    from aspis_sim.distortion.published import Cell, compare
    from aspis_sim.distortion.table import reduction
    from aspis_sim.experiment.row import as_csv, as_json, writable, write_whole
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


def _own(name: str, format: Format, out: "Path | None", quiet: bool) -> ExitStatus:
    """A study of this project, shown as a sweep is."""
    from pathlib import Path

    from aspis_sim.experiment.preset import load
    from aspis_sim.experiment.row import writable
    from aspis_sim.experiment.summary import panels
    from aspis_sim_cli import cache
    from aspis_sim_cli.commands.run_groups import run_groups
    from aspis_sim_cli.render.sweep_table import panel_view

    cache.use_compiled(True)
    preset = load(name)
    tables = preset.tables()
    groups = tuple(group for groups in tables.values() for group in groups)
    path = writable(out or Path("results") / f"reproduce-{name}.csv")
    outcome = run_groups(groups, quiet, path, file_format(path, format))
    if format is Format.TABLE:
        console = stdout()
        for panel in panels(tables, outcome.rows):
            console.print(panel_view(panel, preset.series[0].grid, console.width))
    else:
        print(outcome.text(format), end="")
    return outcome.status()


STUDIES = {
    "distortion": Study(
        _distortion, "distortion fractions of Aspis, ByzShield, DETOX and the baseline; some 10 seconds"
    ),
    "fashion-mnist": Study(
        lambda format, out, quiet: _own("fashion-mnist", format, out, quiet), "Fashion-MNIST; half an hour"
    ),
}
