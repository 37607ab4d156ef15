"""Running the groups of a grid under a progress bar, the rows kept in a file while they come in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aspis_sim.run.forecast import remember
from aspis_sim.run.row import Row, as_csv, as_json
from aspis_sim.run.train import Event, Result
from aspis_sim.run.train import sweep as run_all
from aspis_sim.spec.grid import Group
from aspis_sim_cli import cache
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.output import Format
from aspis_sim_cli.progress import follow
from aspis_sim_cli.rows_file import RowsFile, status_of


@dataclass
class Outcome:
    """What came of the groups.

    Attributes:
        groups: in the order of the rows.
        rows: of each group, as they came in.
        results: of the cells of each group that did not fail.
        complete: whether everything ran (False: it was interrupted).
    """

    groups: Sequence[Group]
    rows: dict[Group, list[Row]]
    results: dict[Group, list[Result]] = field(default_factory=dict)
    complete: bool = False

    def text(self, kind: Format) -> str:
        """The rows in their order."""
        by_seed = [{row.seed: row for row in self.rows[group]} for group in self.groups]
        rows = [
            found[seed]
            for group, found in zip(self.groups, by_seed, strict=True)
            for seed in group.seeds
            if seed in found
        ]
        return as_json(rows) if kind is Format.JSON else as_csv(rows)

    def status(self) -> ExitStatus:
        """The exit code; says on stderr what was interrupted or has failed."""
        rows = [row for members in self.rows.values() for row in members]
        return status_of(rows, self.complete, len(rows), sum(len(group.seeds) for group in self.groups))


def run_groups(
    groups: Sequence[Group],
    quiet: bool,
    path: Path | None = None,
    written: Format = Format.CSV,
    points: Callable[[Group], int | None] = lambda group: None,
    log: Path | None = None,
) -> Outcome:
    """Run every cell of the groups; Ctrl-C keeps those that have finished.

    Args:
        groups: checked.
        quiet: no progress bar.
        path: file of the rows, rewritten now and then and at the end; None for none.
        written: its format.
        points: steps between two points of a group's curves, None for the end alone.
        log: file to which a JSON object a cell is appended as it finishes, "-" for stderr.
    """
    outcome = Outcome(groups, {group: [] for group in groups}, {group: [] for group in groups})
    file = RowsFile(path, lambda: outcome.text(written))

    def arrived(event: Event) -> None:
        assert event.group is not None
        assert event.row is not None
        outcome.rows[event.group].append(event.row)
        if event.result is not None:
            outcome.results[event.group].append(event.result)
        file.now_and_then()

    cells = sum(len(group.seeds) for group in groups)
    steps = sum(group.steps for group in groups)
    outcome.complete = follow(run_all(tuple(groups), points=points), steps, cells, arrived, quiet, log)
    remember(
        cache.history(),
        [(result.cell, round(result.seconds, 3)) for results in outcome.results.values() for result in results],
    )
    file.save()
    if path is not None:
        complain(f"{sum(map(len, outcome.rows.values()))} of {cells} cells written to {path}")
    return outcome
