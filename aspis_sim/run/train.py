"""Running cells: one cell to its row, and a grid of them over the processors with learning rates chosen on the way."""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace

import jax
import numpy as np
from numpy.typing import NDArray

from aspis_sim.detection import Verdict, detector
from aspis_sim.detection.remaining import still_distortable
from aspis_sim.errors import PluginError
from aspis_sim.plugin import unless_broken
from aspis_sim.run.executors.base import Executor
from aspis_sim.run.machine import Machine
from aspis_sim.run.rate import Validation, chosen
from aspis_sim.run.row import Row
from aspis_sim.simulation import Numbers, Run, Score, Trace
from aspis_sim.simulation.run import Decide
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Group

SEGMENT = 50
"""Steps between two looks at whether the run should stop."""

AHEAD = 2
"""Runs that are handed out at a time, a processor: one that runs and one that follows it at once."""

ASK_AGAIN = 1.0
"""Seconds after which runs that were somebody else's are asked for again."""

Tick = Callable[[int], None]


class Stopped(Exception):
    """The run was asked to stop before its end."""


@dataclass(frozen=True, eq=False)
class Result:
    """A finished training run.

    Attributes:
        cell: what ran.
        trace: of every step, as numpy arrays.
        finite: whether the final weights are.
        validation: of the final weights, the only score that choices may rest on.
        test: of the final weights.
        curve: (step, test score) at each step asked for.
        seconds: wall time without compilation.
        machine: that computed it, None for this process.
    """

    cell: Cell
    trace: Trace
    finite: bool
    validation: Score
    test: Score
    curve: tuple[tuple[int, Score], ...]
    seconds: float
    machine: Machine | None = None


def verdict_of(cell: Cell) -> Decide:
    """The cell's detector: from an agreement graph to the verdict and the most files still distortable after it."""
    by_vote = cell.distortable
    judge = detector(cell.detector)

    def decide(graph: NDArray[np.bool_]) -> tuple[Verdict, int]:
        verdict = judge(graph, max_byzantine=cell.q, assignment=cell.groups)
        return verdict, still_distortable(verdict, cell.q, cell.groups, by_vote)

    return decide


def numbers_of(cell: Cell) -> Numbers:
    """What a cell's run is fed."""
    byzantine, distorts = cell.memberships()
    real = cell.network.dtype.type
    return Numbers(
        key=jax.random.key(cell.seed),
        rate=real(cell.lr),
        strength=real(cell.strength_used or 0.0),
        byzantine=byzantine,
        distorts=distorts,
        distortable=np.int32(cell.distortable),
        q=np.int32(cell.q),
    )


def train(cell: Cell, tick: Tick = lambda steps: None, every: int | None = None) -> Result:
    """Train one cell from its first step to its last.

    Args:
        cell: checked.
        tick: called now and then with the number of steps done since the last call; may raise to stop the run.
        every: score the test part every so many steps (and at the end); None for the end only.
    """
    decide = verdict_of(cell)
    run = Run.start(cell.run_shape(), numbers_of(cell), cell.seed)
    curve: list[tuple[int, Score]] = []
    seconds, done = 0.0, 0
    while done < cell.steps:
        point = min(done - done % every + every, cell.steps) if every else cell.steps
        stop = min(done + SEGMENT, point)
        started = time.perf_counter()
        run = run.to(stop, decide)
        jax.block_until_ready(run.state.weights)
        seconds += time.perf_counter() - started
        if every and stop == point:
            curve.append((stop, run.score("test")))
        tick(stop - done)
        done = stop
    return Result(
        cell=cell,
        trace=Trace(*(np.asarray(part) for part in run.state.trace)),
        finite=bool(np.isfinite(np.asarray(run.state.weights)).all()),
        validation=run.score("validation"),
        test=run.score("test"),
        curve=tuple(curve),
        seconds=seconds,
    )


def row(cell: Cell, result: Result | None, status: str = "ok") -> Row:
    """The row of a cell, with empty results if there is no result, and without what a broken plugin should say."""
    groups = unless_broken(lambda: cell.groups)
    files = len(groups.files) if groups else None
    trace = result.trace if result else None
    detects = cell.detector != "none" or cell.coding != "none"

    def rate(counts: np.ndarray, of: int | None) -> float | None:
        return None if of is None else int(counts.sum()) / (len(counts) * of)

    return Row(
        scheme=cell.scheme,
        assignment=cell.assignment,
        workers=cell.workers,
        redundancy=cell.redundancy,
        files=files,
        load=groups.load if groups else None,
        q=cell.q,
        attack=cell.attack_label,
        payload=cell.payload,
        strength=unless_broken(lambda: cell.strength_used),
        rule=cell.rule,
        dataset=cell.dataset,
        model=cell.model,
        protocol=cell.protocol,
        samples_per_file=unless_broken(lambda: cell.samples_a_file),
        batch_size=unless_broken(lambda: cell.batch_size),
        steps=cell.steps,
        lr=cell.lr,
        seed=cell.seed,
        distortion_theory=unless_broken(lambda: cell.distortion_theory),
        distortion_measured=rate(trace.distorted, files) if trace else None,
        lost_measured=rate(trace.lost, files) if trace else None,
        detection_rate=rate(trace.excluded_byzantine, cell.q) if trace and detects and cell.q else None,
        false_accusation_rate=rate(trace.excluded_honest, cell.workers - cell.q) if trace and detects else None,
        top1=result.test.top1 if result else None,
        loss=result.test.loss if result else None,
        samples_processed=unless_broken(lambda: cell.samples_processed),
        seconds=round(result.seconds, 3) if result else None,
        status=status if result is None or result.finite else "diverged",
    )


@dataclass(frozen=True, eq=False)
class Ended:
    """A run that has ended.

    Attributes:
        cell: what ran.
        validation: what the choice of a rate rests on.
        row: of a sweep's table, None if it ended in an earlier sweep.
        result: None also if it failed.
    """

    cell: Cell
    validation: Validation
    row: Row | None = None
    result: Result | None = None


@dataclass(frozen=True)
class Event:
    """What a sweep reports while it runs.

    Attributes:
        steps: training steps done since the last event, here or by whoever else was at it.
        group: of the run or cell.
        ended: a run that has just ended here, be it in the search for a rate or not.
        settled: a cell of the table: the run that stands in it by now.
    """

    steps: int = 0
    group: Group | None = None
    ended: Ended | None = None
    settled: Ended | None = None

    @property
    def row(self) -> Row | None:
        """Of the cell that is settled."""
        return self.settled.row if self.settled else None

    @property
    def result(self) -> Result | None:
        """Of the cell that is settled."""
        return self.settled.result if self.settled else None


class Ledger:
    """What has run before, and who runs what now; this one knows nothing and lets everything run."""

    def known(self, group: Group, rate: float, seed: int) -> Validation | None:
        """What a run of this group left for the choice of a rate, None if it has yet to run."""
        return None

    def claim(self, group: Group, rate: float, seed: int) -> bool:
        """Whether the run may begin here; False if somebody else is at it, or has ended it by now."""
        return True


def sweep(
    groups: tuple[Group, ...],
    executor: Executor | None = None,
    points: Callable[[Group], int | None] = lambda group: None,
    ledger: Ledger = Ledger(),  # noqa: B008 - it has no state
) -> Generator[Event, None, None]:
    """Run every group's cells; yields progress, and each run as soon as it has ended.

    In a group with several learning rates the first seed runs with all of them, the one with the best validation
    accuracy (then the smaller validation loss, then the smaller rate) is chosen, and the other seeds run with it. A
    cell that raises gives a row whose status says so, and the others go on. Closing the generator stops the cells
    that are running within a few steps. What the ledger knows does not run; what it does not let run is asked for
    again until it is known, or may run.

    Args:
        groups: from `aspis_sim.experiment.Grid.groups`.
        executor: where they run; None for threads of this process.
        points: steps between two points of a group's curves, None for no curve.
        ledger: asked in this thread only.
    """
    from aspis_sim.run.executors import EXECUTORS  # executors run `train`

    progress = _Progress()
    running: dict[Future[Result], tuple[Group, Cell]] = {}
    with executor or EXECUTORS.build("local") as pool:
        try:
            by_cost = sorted(groups, key=cost, reverse=True)
            shapes = dict.fromkeys(unless_broken(group.first.run_shape) for group in by_cost)
            pool.prepare([shape for shape in shapes if shape is not None])
            waiting = deque(
                (group, replace(group.first, lr=rate)) for group in by_cost for rate in dict.fromkeys(group.rates)
            )
            tried: dict[Group, dict[float, Ended]] = {group: {} for group in groups}
            elsewhere: list[tuple[Group, Cell]] = []
            of_others: set[Cell] = set()
            asked = time.monotonic()

            def settle(group: Group, ended: Ended) -> Event:
                """Note a run's end; the event is empty while the group's rate is not chosen."""
                if group not in tried:
                    return Event(group=group, settled=ended)
                tried[group][ended.cell.lr] = ended
                if len(tried[group]) < len(set(group.rates)):
                    return Event()
                found = tried.pop(group)
                best = found[chosen({rate: found[rate].validation for rate in group.rates})]
                waiting.extend((group, replace(best.cell, seed=seed)) for seed in group.seeds[1:])
                return Event(group=group, settled=best)

            while waiting or running or elsewhere:
                while waiting and len(running) < AHEAD * pool.processors:
                    group, cell = waiting.popleft()
                    validation = ledger.known(group, cell.lr, cell.seed)
                    if validation is not None:
                        yield Event(steps=cell.steps if cell in of_others else 0)
                        yield settle(group, Ended(cell, validation))
                    elif ledger.claim(group, cell.lr, cell.seed):
                        running[pool.submit(cell, progress.tick, points(group))] = group, cell
                    else:
                        elsewhere.append((group, cell))
                        of_others.add(cell)
                if running:
                    finished, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                else:
                    finished = set()
                    time.sleep(0.1 if elsewhere else 0)
                yield Event(steps=progress.take())
                for future in finished:
                    group, cell = running.pop(future)
                    ended = _ended(cell, future)
                    yield Event(group=group, ended=ended)
                    yield settle(group, ended)
                if time.monotonic() - asked > ASK_AGAIN:
                    waiting.extendleft(reversed(elsewhere))
                    elsewhere.clear()
                    asked = time.monotonic()
        finally:
            progress.stop()
            for future in running:
                future.cancel()


def cost(group: Group) -> int:
    """Sample gradients of one of its runs; 0 for a group whose plugin does not work."""
    return unless_broken(lambda: group.first.samples_processed) or 0


def _ended(cell: Cell, future: Future[Result]) -> Ended:
    error = future.exception()
    if error is None:
        result = future.result()
        score = Validation(result.validation.top1, result.validation.loss)
        return Ended(cell, score, row(cell, result), result)
    reason = " ".join(str(error).split())[:200]
    if cell.plugins and not isinstance(error, PluginError):
        reason += f" (it uses the plugin {', '.join(source.name for source in cell.plugins)})"
    return Ended(cell, Validation(failed=True), row(cell, None, f"failed: {type(error).__name__}: {reason}"))


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
