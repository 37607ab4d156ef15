"""What Python users call: `sweep`, `train` and `attack` take the settings of the commands as keywords.

Keywords are the flags of the commands with underscores (or the names of the settings where these differ, as ``rule``
for ``aggregator``); values are text as on the command line, numbers, or sequences of either.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aspis_sim.analysis.tables import tables_of
from aspis_sim.battery.asked import asked_for, records, runs_beyond, work
from aspis_sim.battery.course import concluded, course
from aspis_sim.callbacks import CALLBACKS
from aspis_sim.data.status import unpublished
from aspis_sim.errors import InputError
from aspis_sim.files import writable, write_whole
from aspis_sim.metrics import METRICS
from aspis_sim.records import as_csv
from aspis_sim.report.text_tables import plain
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.executors.lasting import lasting
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import COLUMNS, Row, row_of
from aspis_sim.run.sweep import Event
from aspis_sim.run.train import train as train_cell
from aspis_sim.run.trying import prepared
from aspis_sim.spec.grid import AXES, Grid, Replicates
from aspis_sim.spec.single import one_cell
from aspis_sim.study.pending import completed
from aspis_sim.study.session import Selection, Session
from aspis_sim.study.study import Study

if TYPE_CHECKING:
    import pandas

    from aspis_sim.simulation import Trace


@dataclass(frozen=True)
class Progress:
    """How far a sweep is, as its callback is told after every event.

    Attributes:
        steps, steps_done: training steps to take, and taken so far.
        cells, cells_done: rows to come, and there so far.
        row: of the cell that has just finished, None between two of them.
    """

    steps: int
    steps_done: int
    cells: int
    cells_done: int
    row: Row | None


@dataclass(frozen=True)
class Results:
    """What came out of a sweep.

    Attributes:
        rows: one per cell, in the order of the command's CSV; columns are attributes and keys.
        complete: whether every cell has a row.
    """

    rows: tuple[Row, ...]
    complete: bool = True

    def to_csv(self, path: str | Path | None = None) -> str:
        """The rows as the command writes them; also into a file, if one is named.

        Raises:
            InputError: the file cannot be written.
        """
        text = as_csv(self.rows, tuple(COLUMNS))
        if path is not None:
            write_whole(writable(Path(path)), text)
        return text

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a data frame.

        Raises:
            InputError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise InputError("a data frame needs pandas; install it with: pip install pandas") from None
        return pandas.DataFrame([dict(row) for row in self.rows], columns=list(COLUMNS))

    def table(self) -> str:
        """The tables of the command as plain text: top-1 by q and scheme, mean over the seeds and 95% interval, or the
        range of fewer than 4 seeds."""
        said = map(unpublished, dict.fromkeys(row.dataset for row in self.rows))
        return "\n".join([plain(tables_of(self.rows)), *(f"{one}\n" for one in said if one)]) if self.rows else ""


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """One run.

    Attributes:
        row: as in a sweep.
        trace: of every step, arrays ``[steps]``: loss, distorted, lost, excluded_byzantine, excluded_honest, outcome.
        curve: (step, top-1 or None, test loss) where it was scored.
        metrics: (step, metric -> value) there; empty unless a plugin brings metrics.
    """

    row: Row
    trace: Trace
    curve: tuple[tuple[int, float | None, float], ...]
    metrics: tuple[tuple[int, Mapping[str, float]], ...] = ()


def sweep(
    *,
    study: str | Path | Study | None = None,
    progress: Callable[[Progress], None] | None = None,
    executor: str = "local",
    other_version: Literal["keep", "rerun"] | None = None,
    every: int | None = None,
    yes: bool = False,
    **settings: Any,
) -> Results:
    """Train every cell of a grid, and give its rows.

    Args:
        study: folder that keeps every run as it ends, so that the same call resumes; or an open one; None for none.
            Settings that are not given are as in the study, if it has some already.
        progress: called with a `Progress` as the sweep goes on.
        executor: where runs are computed: "local" or "ray".
        other_version: what becomes of runs in the study that other code or data left.
        every: steps between the points of the curves that a study keeps; None for a tenth of the steps.
        yes: run a grid of more than 100,000 cells, too.
        settings: as those of ``aspis-sim sweep``; see there, or ``help(aspis_sim.sweep)``.

    Raises:
        InputError: a setting cannot be, or the grid cannot run; nothing has been trained.
        DataError: a data set is missing or damaged, or the study is.
    """
    grid = Grid.of(**_by_setting(settings, several=True))
    if not yes:
        grid.check_size()
    opened: Any
    if isinstance(study, Study):
        opened = nullcontext(study)
    else:
        opened = Study.in_memory() if study is None else Study.open_or_create(study)
    with opened as kept:
        there = [Grid.stored(one["specification"]) for one in kept.grids()]
        session = Session(kept, [(None, completed(grid, there))], Selection(other_version=other_version))

        def points(group: Replicates) -> int | None:
            return None if kept.folder is None else every or max(1, group.first.steps // 10)

        told = _Told(session, progress)
        for event in session.run("", EXECUTORS.build(executor), points):
            told.add(event)
        pending = session.still_pending()
        return Results(tuple(session.rows()), pending.done == pending.cells)


def train(*, every: int | None = None, progress: Callable[[int], None] | None = None, **settings: Any) -> TrainedRun:
    """Train one scheme under one adversary.

    Args:
        every: steps between two points of the curve; None for a tenth of them.
        progress: called now and then with the number of steps done since the last call.
        settings: as those of ``aspis-sim train``, one value each.

    Raises:
        InputError: a setting cannot be, or has several values; nothing has been trained.
        DataError: the data set is missing or damaged.
    """
    if every is not None and every < 1:
        raise InputError(f"`every` {every}: a curve has a point every 1 or more steps")
    (group,) = prepared(one_cell(**_by_setting(settings, several=False)))
    cell = group.first
    result = train_cell(cell, progress or (lambda steps: None), every or max(1, cell.steps // 10), METRICS, CALLBACKS)
    assert result.trace is not None
    curve = tuple((step, score.top1, score.loss) for step, score in result.curve)
    return TrainedRun(row_of(resolve(cell), result), result.trace, curve, result.metrics)


def attack(
    *,
    study: str | Path | None = None,
    search_seed: int = 1000,
    budget: int | None = None,
    executor: str = "local",
    **settings: Any,
) -> list[dict[str, Any]]:
    """Search the worst attack on each defence; gives a record for each and each q: the columns of the command's CSV.

    Args:
        study: folder that keeps every run as it ends, so that the same call resumes; None for none.
        search_seed: of all runs of the search; those of the verdict have ``seeds``.
        budget: runs for each defence and q; None for the battery alone.
        executor: where runs are computed: "local" or "ray".
        settings: as those of ``aspis-sim attack``; ``scheme`` is text as there, or a list of such texts.

    Raises:
        InputError: a setting cannot be, no defence is defined, or the budget is too small; nothing has been trained.
        DataError: a data set is missing or damaged, or the study is.
    """
    asked = asked_for(_by_setting(settings, several=True), search_seed)
    more = runs_beyond(asked, budget)
    setups = [one.setup for one in asked if one.setup is not None]
    with Study.in_memory() if study is None else Study.open_or_create(study) as kept:
        legs = course(setups, kept, more=more)
        with lasting(EXECUTORS.build(executor), work(setups)) as pool:
            return records(asked, concluded(legs, pool))


class _Told:
    """What the callback of a sweep is told."""

    def __init__(self, session: Session, progress: Callable[[Progress], None] | None) -> None:
        pending = session.pending
        self._steps, self._cells = pending.steps, sum(len(group.seeds) for group in pending.groups)
        self._steps_done = self._cells_done = 0
        self._progress = progress

    def add(self, event: Event) -> None:
        self._steps_done += event.steps
        self._cells_done += event.settled is not None
        if self._progress is not None:
            result = event.result
            row = None if result is None else row_of(resolve(result.cell), result)
            self._progress(Progress(self._steps, self._steps_done, self._cells, self._cells_done, row))


def keywords(several: bool) -> dict[str, str]:
    """The keywords of `sweep`, `attack` or `train` -> the setting that each is."""
    names = {(one.flag_of_several if several else one.flag).replace("-", "_"): name for name, one in AXES.items()}
    return {**names, **{name: name for name in AXES}}


def _by_setting(given: dict[str, Any], several: bool) -> dict[str, Any]:
    from aspis_sim.registry import unknown_name

    known = keywords(several)
    found: dict[str, Any] = {}
    for keyword, value in given.items():
        if keyword not in known:
            raise unknown_name("setting", keyword, known)
        if known[keyword] in found:
            raise InputError(f"{keyword}: the setting {known[keyword]} is given twice")
        found[known[keyword]] = value
    return found


def _signed(function: Any, several: bool) -> None:
    """Show the settings among a function's keywords, with their defaults and meanings."""
    own: Sequence[inspect.Parameter] = [
        one for one in inspect.signature(function).parameters.values() if one.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    made, lines = [], []
    for name, one in AXES.items():
        keyword = (one.flag_of_several if several else one.flag).replace("-", "_")
        made.append(inspect.Parameter(keyword, inspect.Parameter.KEYWORD_ONLY, default=None))
        default = ", ".join(map(one.written, one.defaults if several else (one.default,)))
        lines.append(f"        {keyword}: {one.help}" + ("" if one.filled_by or default == "none" else f" ({default})"))
        assert name in AXES
    function.__signature__ = inspect.Signature([*made, *own])
    function.__doc__ += "\nSettings and their defaults:\n" + "\n".join(lines) + "\n"


_signed(sweep, several=True)
_signed(train, several=False)
_signed(attack, several=True)
