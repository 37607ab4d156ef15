"""How far a sweep is, in words: what is being done, and how long the rest takes once that can be told."""

import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from aspis_sim.plugin import unless_broken
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import Row, row_of
from aspis_sim.run.sweep import Event
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Replicates
from aspis_sim.study.pending import Pending


@dataclass
class Tally:
    """How far a sweep is.

    Attributes:
        groups: that are to run.
        steps: training steps to expect.
        cells: rows to expect.
        steps_done, cells_done: so far.
        cells_run: of these, the ones that ran here and now.
        searched: runs of the search for learning rates that have ended here.
        best, worst: rows with the highest and the lowest accuracy so far.
        failed: cells that failed.
        began: clock at the start.
    """

    groups: Sequence[Replicates]
    steps: int
    cells: int
    steps_done: int = 0
    cells_done: int = 0
    cells_run: int = 0
    searched: int = 0
    best: Row | None = None
    worst: Row | None = None
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.searches = sum(len(set(group.rates)) for group in self.groups if len(set(group.rates)) > 1)
        self._to_go: Counter[Hashable] = Counter()
        for group in self.groups:
            self._to_go[_program(group.first)] += group.steps
        self._seconds: defaultdict[Hashable, float] = defaultdict(float)
        self._steps: Counter[Hashable] = Counter()

    @classmethod
    def of(cls, pending: Pending) -> "Tally":
        """What is to be done, none of it done."""
        cells = sum(len(group.seeds) for group in pending.groups)
        return cls(pending.groups, max(pending.steps, 1), cells)

    def add(self, event: Event) -> Row | None:
        """Count what an event reports; gives the row of a cell whose run has ended here."""
        self.steps_done += event.steps
        self.cells_done += event.settled is not None
        if event.ended is not None and event.group is not None:
            cell = event.ended.cell
            self.searched += cell.seed == event.group.first.seed and len(set(event.group.rates)) > 1
            self._count(cell, cell.steps)
            self._seconds[_program(cell)] += event.ended.seconds
            self._steps[_program(cell)] += cell.steps
        elif event.settled is not None and event.result is None and event.group is not None:
            first = event.settled.seed == event.group.first.seed
            self._count(event.settled, event.settled.steps * (len(set(event.group.rates)) if first else 1))
        if event.result is None:
            return None
        row = row_of(resolve(event.result.cell), event.result)
        self.cells_run += 1
        self.failed += row.failed
        if row.top1 is not None:
            self.best = max(self.best or row, row, key=_top1)
            self.worst = min(self.worst or row, row, key=_top1)
        return row

    def _count(self, cell: Cell, steps: int) -> None:
        program = _program(cell)
        self._to_go[program] = max(0, self._to_go[program] - steps)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began

    @property
    def seconds_left(self) -> float | None:
        """By the time that runs of each program took; None before a run of each that is still needed has ended."""
        open_programs = [program for program, steps in self._to_go.items() if steps]
        worked = sum(self._seconds.values())
        if not worked or not all(self._steps[program] for program in open_programs):
            return None
        left = sum(self._to_go[one] * self._seconds[one] / self._steps[one] for one in open_programs)
        return self.seconds * left / worked

    @property
    def doing(self) -> str:
        """What is under way while nothing can be said of the time that is left."""
        if self.steps_done == 0 and not self.cells_done:
            programs = len(self._to_go)
            return f"compiling 1 of {programs} programs" if programs > 1 else "compiling"
        if self.searched < self.searches and self.seconds_left is None:
            return f"searching rates: {self.searched} of {self.searches} runs"
        if self.seconds_left is None and (ended := sum(map(bool, self._steps.values()))) < len(self._to_go):
            return f"first runs: {ended} of {len(self._to_go)} programs"
        return ""

    @property
    def left(self) -> str:
        """How long the rest takes, empty while that cannot be told."""
        return "" if self.seconds_left is None else f"{duration(self.seconds_left)} left"

    @property
    def rate(self) -> str:
        """Cells that end in a minute, empty before the first."""
        return f"{60 * self.cells_run / max(self.seconds, 1e-9):.1f} cells a minute" if self.cells_run else ""

    @property
    def extremes(self) -> str:
        """The best and the worst cell so far, and how many failed."""
        ends = [(word, row) for word, row in (("best", self.best), ("worst", self.worst)) if row is not None]
        said = [f"{word} {row.scheme} q={row.q} {_top1(row):.1%}" for word, row in ends]
        return ", ".join(said + ([f"{self.failed} failed"] if self.failed else []))

    @property
    def line(self) -> str:
        """All of it as one line."""
        parts = (f"{self.cells_done}/{self.cells} cells", self.doing, self.rate, self.left)
        extremes = f"; {self.extremes}" if self.extremes else ""
        return f"{self.steps_done / self.steps:.0%}, {', '.join(filter(None, parts))}{extremes}"


def duration(seconds: float) -> str:
    """A time as people say it."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if not hours else f"{hours} h {minutes} min"


def _program(cell: Cell) -> Hashable:
    """What is compiled for a cell; None if a plugin of it does not work."""
    return unless_broken(lambda: resolve(cell).shape)


def _top1(row: Row) -> float:
    return row.top1 if row.top1 is not None else 0.0
