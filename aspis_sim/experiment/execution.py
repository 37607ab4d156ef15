"""Running cells: one cell to its row, and a grid of them over the processors with learning rates chosen on the way."""

import math
import os
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import jax
import numpy as np
from numpy.typing import NDArray

from aspis_sim.detection import Verdict, detector
from aspis_sim.detection.remaining import still_distortable
from aspis_sim.errors import PluginError
from aspis_sim.experiment.cell import Cell
from aspis_sim.experiment.grid import Group
from aspis_sim.experiment.row import Row
from aspis_sim.plugin import unless_broken
from aspis_sim.simulation import Numbers, Run, Score, Trace, compiled
from aspis_sim.simulation.run import Decide

SEGMENT = 50
"""Steps between two looks at whether the run should stop."""

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
    """

    cell: Cell
    trace: Trace
    finite: bool
    validation: Score
    test: Score
    curve: tuple[tuple[int, Score], ...]
    seconds: float


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
        stop = min(done + (every or SEGMENT), cell.steps)
        started = time.perf_counter()
        run = run.to(stop, decide)
        jax.block_until_ready(run.state.weights)
        seconds += time.perf_counter() - started
        if every:
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


@dataclass(frozen=True)
class Event:
    """What a sweep reports while it runs.

    Attributes:
        steps: training steps done since the last event.
        group: the group of a cell that has finished.
        row: that cell's row.
        result: that cell's run, None if it failed.
    """

    steps: int = 0
    group: Group | None = None
    row: Row | None = None
    result: Result | None = None


def sweep(
    groups: tuple[Group, ...],
    processors: int | None = None,
    points: Callable[[Group], int | None] = lambda group: None,
) -> Generator[Event, None, None]:
    """Run every group's cells; yields progress, and each row as soon as its cell has finished.

    In a group with several learning rates the first seed runs with all of them, the one with the best validation
    accuracy (then the smaller validation loss, then the smaller rate) is chosen, and the other seeds run with it. A
    cell that raises gives a row whose status says so, and the others go on. Closing the generator stops the cells
    that are running within a few steps.

    Args:
        groups: from `aspis_sim.experiment.Grid.groups`.
        processors: cells run at a time; None for the number of CPUs (1 on an accelerator).
        points: steps between two points of a group's curves, None for the end alone.
    """
    if processors is None:
        processors = (os.cpu_count() or 1) if jax.default_backend() == "cpu" else 1
    progress = _Progress()
    with ThreadPoolExecutor(processors) as pool:
        try:
            waiting: dict[Future[Result], Group] = {}
            searching: dict[Group, dict[Future[Result], Cell]] = {}

            def submit(cell: Cell, group: Group) -> Future[Result]:
                future = pool.submit(train, cell, progress.tick, points(group))
                waiting[future] = group
                return future

            by_cost = sorted(groups, key=_cost)
            for shape in dict.fromkeys(unless_broken(group.first.run_shape) for group in by_cost):
                if shape is not None:
                    pool.submit(compiled, shape)
            for group in by_cost:
                searching[group] = {}
                for rate in group.rates:
                    cell = replace(group.first, lr=rate)
                    searching[group][submit(cell, group)] = cell
            running: dict[Future[Result], Cell] = {}
            while waiting:
                finished, _ = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
                yield Event(steps=progress.take())
                for future in finished:
                    group = waiting.pop(future)
                    if future in running:
                        yield _finished(group, running.pop(future), future)
                        continue
                    candidates = searching.get(group, {})
                    if not candidates or not all(candidate.done() for candidate in candidates):
                        continue
                    del searching[group]
                    best = min(candidates, key=_preference)
                    yield _finished(group, candidates[best], best)
                    for seed in group.seeds[1:]:
                        cell = replace(candidates[best], seed=seed)
                        running[submit(cell, group)] = cell
        finally:
            progress.stop()
            for future in waiting:
                future.cancel()


def _cost(group: Group) -> int:
    """What puts the longest runs first; nothing is known of one whose plugin does not work."""
    return -(unless_broken(lambda: group.first.samples_processed) or 0)


def _preference(future: Future[Result]) -> tuple[float, float, float]:
    if future.exception() is not None:
        return math.inf, math.inf, math.inf
    result = future.result()
    loss = result.validation.loss
    return -(result.validation.top1 or 0.0), loss if math.isfinite(loss) else math.inf, result.cell.lr


def _finished(group: Group, cell: Cell, future: Future[Result]) -> Event:
    return Event(group=group, row=_row_of(cell, future), result=None if future.exception() else future.result())


def _row_of(cell: Cell, future: Future[Result]) -> Row:
    error = future.exception()
    if error is None:
        return row(cell, future.result())
    reason = " ".join(str(error).split())[:200]
    if cell.plugins and not isinstance(error, PluginError):
        reason += f" (it uses the plugin {', '.join(source.name for source in cell.plugins)})"
    return row(cell, None, f"failed: {type(error).__name__}: {reason}")


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
