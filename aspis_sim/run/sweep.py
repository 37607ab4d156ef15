"""Running groups of cells over the processors, with learning rates chosen on the way."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace

from aspis_sim.errors import PluginError
from aspis_sim.plugin import unless_broken
from aspis_sim.run.executors import EXECUTORS
from aspis_sim.run.executors.base import Executor
from aspis_sim.run.rate import Validation, chosen
from aspis_sim.run.resolve import resolve
from aspis_sim.run.train import Result, Stopped
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Replicates

AHEAD = 2
"""Runs that are handed out at a time, per processor: one that runs and one that follows it at once."""

ASK_AGAIN = 1.0
"""Seconds after which runs that were somebody else's are asked for again."""


@dataclass(frozen=True)
class Event:
    """What a sweep reports while it runs.

    Attributes:
        steps: training steps done since the last event, here or by another process.
        group: of the run or cell.
        ended: a run that has just ended here, be it in the search for a rate or not.
        settled: a cell of the table whose run is known by now.
        result: of that run, None where it ended in an earlier sweep or in another process.
    """

    steps: int = 0
    group: Replicates | None = None
    ended: Result | None = None
    settled: Cell | None = None
    result: Result | None = None


class Ledger:
    """What has run before, and who runs what now; this one knows nothing and lets everything run."""

    def known(self, group: Replicates, rate: float, seed: int) -> Validation | None:
        """What a run of this group left for the choice of a rate, None if it has yet to run."""
        return None

    def claim(self, group: Replicates, rate: float, seed: int) -> bool:
        """Whether the run may begin here; False if somebody else is at it, or has ended it by now."""
        return True


@dataclass(frozen=True)
class _Ended:
    """A run that is known: its cell, what the choice of a rate rests on, and its result if it ran here."""

    cell: Cell
    validation: Validation
    result: Result | None = None


class _Work:
    """What is waiting, running here and running elsewhere, and the rates that are being tried."""

    def __init__(self, groups: Sequence[Replicates]) -> None:
        by_cost = sorted(groups, key=cost, reverse=True)
        # The dearest first, so that nobody waits for them at the end; before them the cheapest, to show something soon.
        self.in_turn = [*by_cost[-1:], *by_cost[:-1]]
        self.waiting = deque(
            (group, replace(group.first, lr=rate)) for group in self.in_turn for rate in dict.fromkeys(group.rates)
        )
        self.running: dict[Future[Result], tuple[Replicates, Cell]] = {}
        self.elsewhere: list[tuple[Replicates, Cell]] = []
        self.of_others: set[Cell] = set()
        self._tried: dict[Replicates, dict[float, _Ended]] = {group: {} for group in groups}
        self._asked = time.monotonic()

    def __bool__(self) -> bool:
        return bool(self.waiting or self.running or self.elsewhere)

    def settle(self, group: Replicates, ended: _Ended) -> Event:
        """Note a run's end; the event is empty while the group's rate is not chosen."""
        if group not in self._tried:
            return Event(group=group, settled=ended.cell, result=ended.result)
        found = self._tried[group]
        found[ended.cell.lr] = ended
        if len(found) < len(set(group.rates)):
            return Event()
        del self._tried[group]
        best = found[chosen({rate: found[rate].validation for rate in group.rates})]
        self.waiting.extend((group, replace(best.cell, seed=seed)) for seed in group.seeds[1:])
        return Event(group=group, settled=best.cell, result=best.result)

    def ask_again(self) -> None:
        """Put what ran elsewhere back in front, when that is due."""
        if time.monotonic() - self._asked > ASK_AGAIN:
            self.waiting.extendleft(reversed(self.elsewhere))
            self.elsewhere.clear()
            self._asked = time.monotonic()


def sweep(
    groups: Sequence[Replicates],
    executor: Executor | None = None,
    points: Callable[[Replicates], int | None] = lambda group: None,
    ledger: Ledger = Ledger(),  # noqa: B008 - it has no state
) -> Generator[Event, None, None]:
    """Run every group's cells; yields progress, and each run as soon as it has ended.

    In a group with several learning rates the first seed runs with all of them, the one with the best validation
    accuracy (then the smaller validation loss, then the smaller rate) is chosen, and the other seeds run with it. A
    cell that raises leaves a result that says so, and the others go on. Closing the generator stops the cells that are
    running within a few steps. What the ledger knows does not run; what it does not let run is asked for again until
    it is known, or may run.

    Args:
        groups: checked.
        executor: where they run; None for this machine.
        points: steps between two points of a group's curves, None for no curve.
        ledger: asked in this thread only.
    """
    progress, work = _Progress(), _Work(groups)
    with executor or EXECUTORS.build("local") as pool:
        try:
            shapes = dict.fromkeys(unless_broken(lambda g=group: resolve(g.first).shape) for group in work.in_turn)  # type: ignore[misc]
            pool.prepare([shape for shape in shapes if shape is not None], sum(map(_numbers, groups)))
            while work:
                while work.waiting and len(work.running) < AHEAD * pool.processors:
                    group, cell = work.waiting.popleft()
                    validation = ledger.known(group, cell.lr, cell.seed)
                    if validation is not None:
                        yield Event(steps=cell.steps if cell in work.of_others else 0)
                        yield work.settle(group, _Ended(cell, validation))
                    elif ledger.claim(group, cell.lr, cell.seed):
                        work.running[pool.submit(cell, progress.tick, points(group))] = group, cell
                    else:
                        work.elsewhere.append((group, cell))
                        work.of_others.add(cell)
                if work.running:
                    finished, _ = wait(work.running, timeout=0.1, return_when=FIRST_COMPLETED)
                else:
                    finished = set()
                    time.sleep(0.1 if work.elsewhere else 0)
                yield Event(steps=progress.take())
                for future in finished:
                    group, cell = work.running.pop(future)
                    result = _result(cell, future)
                    yield Event(group=group, ended=result)
                    yield work.settle(group, _Ended(cell, result.validation, result))
                work.ask_again()
        finally:
            progress.stop()
            for future in work.running:
                future.cancel()


def cost(group: Replicates) -> int:
    """Sample gradients of one of its runs; 0 for a group whose plugin does not work."""
    return unless_broken(lambda: resolve(group.first).samples_processed) or 0


def _numbers(group: Replicates) -> int:
    """Entries of gradients, of all files in all steps of a group's runs; 0 for a group whose plugin does not work."""

    def entries() -> int:
        job = resolve(group.first)
        return group.steps * len(job.assignment.files) * job.plan.parameters

    return unless_broken(entries) or 0


def cost_of(groups: Sequence[Replicates]) -> tuple[int, int, int]:
    """Runs, steps and sample gradients of all workers that groups take, their searches for a rate included."""
    trainings = sum(group.trainings for group in groups)
    return trainings, sum(group.steps for group in groups), sum(group.trainings * cost(group) for group in groups)


def _result(cell: Cell, future: Future[Result]) -> Result:
    error = future.exception()
    if error is None:
        return future.result()
    reason = " ".join(str(error).split())[:200]
    if cell.plugins and not isinstance(error, PluginError):
        reason += f" (it uses the plugin {', '.join(source.name for source in cell.plugins)})"
    return Result(cell, Validation(failed=True), failure=f"{type(error).__name__}: {reason}")


class _Progress:
    """Steps done by all threads since last asked, and the wish to stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps = 0
        self._stopped = False

    def tick(self, steps: int) -> None:
        if self._stopped:
            raise Stopped
        with self._lock:
            self._steps += steps

    def take(self) -> int:
        with self._lock:
            steps, self._steps = self._steps, 0
        return steps

    def stop(self) -> None:
        self._stopped = True
