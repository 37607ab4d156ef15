"""Running a session under a progress bar: rows in a file while they come in, tables at the end, the exit code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.text import Text as PlainText

from aspis_sim.analysis.headline import worst_cases, worst_over_adversaries, worst_over_attacks
from aspis_sim.analysis.tables import tables_of
from aspis_sim.data.status import unpublished
from aspis_sim.report.tensorboard import Board
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.forecast import note_timings
from aspis_sim.run.row import COLUMNS, Row
from aspis_sim.run.sweep import Event
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Replicates
from aspis_sim.study.session import Session
from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Output, Text, texts
from aspis_sim_cli.progress import follow
from aspis_sim_cli.render.ranking_table import ranking_view
from aspis_sim_cli.render.sweep_table import sweep_view, worst_view
from aspis_sim_cli.rows_file import RowsFile, status_of


@dataclass(frozen=True)
class Way:
    """How a session is run.

    Attributes:
        quiet: no progress bar and no log lines.
        log: file to which a JSON object per cell is appended, "-" for stderr.
        executor: registered name of where runs are computed.
        points: steps between two points of a group's curves, None for the end alone.
        board: gets the events of every run.
    """

    quiet: bool = False
    log: Path | None = None
    executor: str = "local"
    points: Callable[[Replicates], int | None] = lambda group: None
    board: Board | None = None


def run_session(session: Session, command: str, output: Output, way: Way) -> bool:
    """Run what is pending; the rows are kept in the output's file. Returns whether it ran to its end.

    Raises:
        DataError: the study cannot be written any more; what was committed is kept.
    """
    timed: list[tuple[Cell, float, float]] = []
    rows = RowsFile(output.path, lambda: rows_text(session)(output.written))

    def arrived(event: Event) -> None:
        result = event.result
        if result is not None and result.trace is not None:
            if way.board is not None:
                way.board.add(result)
            timed.append((result.cell, round(result.seconds, 3), result.compile_seconds))
        rows.now_and_then()

    pending = session.pending
    events = session.run(command, EXECUTORS.build(way.executor), way.points)
    complete = follow(events, pending, arrived, way.quiet, way.log)
    note_timings(cache.history(), timed)
    rows.save()
    if output.path is not None:
        complain(f"{len(session.rows())} of {session.still_pending().cells} cells written to {output.path}")
    return complete


def rows_text(session: Session) -> Text:
    """The rows of a session as CSV or JSON."""
    return lambda kind: texts(session.rows(), tuple(COLUMNS))(kind)


def tables_view(rows: list[Row]) -> Callable[[Console], RenderableType | None]:
    """The tables of rows, the worst case over attacks, and which data are not the published ones; or nothing."""

    def view(console: Console) -> RenderableType | None:
        if not rows:
            return None
        tables = tables_of(rows)
        parts: list[RenderableType] = [sweep_view(tables.tables, console.width)]
        parts += [worst_view(worst, console.width) for worst in worst_over_attacks(tables)]
        parts += [worst_view(worst, console.width) for worst in worst_over_adversaries(tables)]
        parts += [ranking_view(worst, console.width) for worst in worst_cases(tables) if worst.count > 1]
        said = map(unpublished, dict.fromkeys(row.dataset for row in rows))
        parts += [PlainText(f"! {one}") for one in said if one]
        return Group(*parts)

    return view


def status(session: Session, complete: bool) -> ExitStatus:
    """The exit code; says on stderr what was interrupted or has failed."""
    after = session.still_pending()
    return status_of(session.rows(), complete, after.done, after.cells)
