"""What a sweep has to do, doing it under a progress bar, and showing what came of it."""

from collections.abc import Sequence
from pathlib import Path

from aspis_sim.analysis.summary import panels, worst_over_attacks
from aspis_sim.errors import InputError
from aspis_sim.report.tensorboard import Board
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.forecast import remember
from aspis_sim.run.row import Row, as_csv, as_json
from aspis_sim.run.train import Event
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid, Group, merged
from aspis_sim.study import Origin, Store
from aspis_sim.study.database import shown
from aspis_sim.study.fingerprint import group_digest, origin_of
from aspis_sim.study.ledger import Keeper
from aspis_sim.study.pending import left, run, shard
from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.commands.study_options import KEEP, StudyOptions
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format, stdout
from aspis_sim_cli.progress import follow
from aspis_sim_cli.render.sweep_table import panel_view, worst_view
from aspis_sim_cli.rows_file import RowsFile, status_of


class Work:
    """The grids of a sweep, multiplied out, and the store that keeps its runs.

    Args:
        store: where the runs are kept.
        grids: to run, each with the number of the grid in the study whose place it takes, None for no other's.
        study: options of the study.

    Raises:
        InputError: a grid cannot run, or runs of other code or data are in the way; nothing has been trained.
        DataError: a data set is missing, or the study is damaged.
    """

    def __init__(self, store: Store, grids: Sequence[tuple[int | None, Grid]], study: StudyOptions) -> None:
        self._store, self._grids, self._study = store, grids, study
        self._tables = [grid.tables() for _, grid in grids]
        self._numbers: list[int] = []
        groups = shard(
            tuple(dict.fromkeys(group for tables in self._tables for group in merged(tables))), *study.part()
        )
        self._keeper = Keeper(
            store,
            origin=(lambda cell: Origin("", "")) if study.study is None else origin_of,
            any_origin=study.other_version == KEEP,
            again=study.only_failed,
        )
        self._groups = tuple(filter(self._keeper.failed_in, groups)) if study.only_failed else groups
        self.left = left(self._groups, self._keeper)
        if self.left.others and study.other_version is None:
            raise InputError(
                f"{self.left.others} runs of the study {shown(study.study)} come from other code or other data than "
                "are here now; with --other-version keep they count as they are, with --other-version rerun they are "
                "computed again (the old ones stay stored)"
            )

    def run(
        self,
        command: str,
        quiet: bool,
        log: Path | None,
        path: Path | None,
        written: Format,
        board: Board | None = None,
        executor: str = "local",
    ) -> bool:
        """Note what is asked for, and run what is left; returns whether it ran to its end.

        Args:
            command: that asked for it.
            quiet: no progress bar and no log lines.
            log: file of a JSON object a cell.
            path: file of the rows, rewritten now and then and at the end; None for none.
            written: its format.
            board: gets the events of every run.
            executor: registered name of where they are computed.

        Raises:
            DataError: the study cannot be written any more; what was committed is kept.
        """
        for (number, grid), tables in zip(self._grids, self._tables, strict=True):
            if number is None:
                self._numbers.append(self._store.add_grid(grid, merged(tables), command))
            else:
                self._numbers.append(self._store.replace_grid(number, grid, merged(tables), command))
        if self._study.study is not None:
            part = f" of shard {self._study.shard}" if self._study.shard else ""
            complain(f"{self.left.done} of {self.left.cells} cells{part} were there already")
        timed: list[tuple[Cell, float]] = []
        rows = RowsFile(path, lambda: self.text(written))

        def arrived(event: Event) -> None:
            if event.result is not None:
                if board is not None:
                    board.add(event.result)
                timed.append((event.result.cell, round(event.result.seconds, 3)))
            rows.now_and_then()

        cells = sum(len(group.seeds) for group in self.left.groups)
        events = run(self.left.groups, self._keeper, EXECUTORS.build(executor), points=self._points)
        complete = follow(events, self.left.steps, cells, arrived, quiet, log)
        remember(cache.history(), timed)
        rows.save()
        return complete

    def _points(self, group: Group) -> int | None:
        return None if self._study.study is None else self._study.every or max(1, group.first.steps // 10)

    def text(self, kind: Format) -> str:
        """The rows of these grids that are there, in their order."""
        rows = self._store.rows(self._numbers)
        return as_json(rows) if kind is Format.JSON else as_csv(rows)

    def show(self) -> None:
        """Print the tables of the grids."""
        console = stdout()
        for number, (_, grid), tables in zip(self._numbers, self._grids, self._tables, strict=True):
            found: dict[str, list[Row]] = {}
            for place, row in self._store.placed_rows([number]):
                found.setdefault(place.digest, []).append(row)
            made = panels(tables, {group: found.get(group_digest(group.first), []) for group in merged(tables)})
            for panel in made:
                console.print(panel_view(panel, grid, console.width))
            for worst in worst_over_attacks(made):
                console.print(worst_view(worst, grid, console.width))

    def status(self, complete: bool, path: Path | None) -> ExitStatus:
        """The exit code; says on stderr what was written, interrupted or has failed."""
        after = left(self._groups, self._keeper)
        if path is not None:
            complain(f"{len(self._store.rows(self._numbers))} of {after.cells} cells written to {path}")
        if self._study.study is not None:
            complain(f"{after.done} of {after.cells} cells are in {shown(self._study.study)}")
        return status_of(self._store.rows(self._numbers), complete, after.done, after.cells)
