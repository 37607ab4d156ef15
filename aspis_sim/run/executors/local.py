"""Runs on the processors of this machine: little work on threads of this process, much in a process for each processor.

Threads share what has been compiled, and start at once. But XLA splits larger operations of every run between as many
threads as there are processors, and runs beside each other then wait for each other's. A process that is told that it
has one processor computes each operation in one go, and what kills one process leaves the others alive.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Self

import jax

from aspis_sim.run.executors.base import RETRIES
from aspis_sim.run.executors.inherited import has_cache
from aspis_sim.run.executors.worker import Worker, WorkerLost
from aspis_sim.run.resolve import resolve
from aspis_sim.run.train import Result, Tick, train
from aspis_sim.simulation import RunShape, compiled
from aspis_sim.simulation.program import MOST
from aspis_sim.spec.cell import Cell

MUCH = 50_000_000_000
"""Entries of gradients, of all files in all steps of all runs, from which on processes are worth their start: a minute
or so."""


class Local:
    """See `local`."""

    def __init__(self, processors: int, much: int) -> None:
        self.processors = processors
        self._much, self._apart = much, False
        self._pool = ThreadPoolExecutor(processors)
        self._here = threading.local()
        self._workers: list[Worker] = []
        self._ahead: deque[RunShape] = deque()
        self._compiling: dict[RunShape, threading.Lock] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ahead.clear()
        self._pool.shutdown()
        for worker in self._workers:
            worker.end()

    def prepare(self, shapes: Iterable[RunShape], numbers: int) -> None:
        """Decide where the cells will run; threads begin to compile, processes compile what they come to."""
        self._apart = self.processors > 1 and numbers >= self._much
        if self._apart:
            self._ahead.extend(shapes)
            return
        for shape in islice(shapes, MOST // 2):
            self._pool.submit(compiled, shape)

    def submit(self, cell: Cell, tick: Tick, every: int | None = None) -> Future[Result]:
        """Queue a run."""
        return self._pool.submit(train if self.stays_here(cell) else self._run, cell, tick, every)

    def stays_here(self, cell: Cell) -> bool:
        """Whether a cell runs on a thread of this process."""
        return not self._apart or cell.devices > 1 or bool(cell.plugins)

    def _run(self, cell: Cell, tick: Tick, every: int | None) -> Result:
        worker: Worker | None = getattr(self._here, "worker", None)
        if worker is None:
            worker = self._here.worker = Worker()
            self._workers.append(worker)
        for attempt in range(RETRIES + 1):
            try:
                self._compile(worker, resolve(cell).shape)
                return worker.ask("train", cell, every, tick=tick)
            except WorkerLost as lost:
                if attempt == RETRIES:
                    raise WorkerLost(
                        f"{RETRIES + 1} worker processes were lost while they ran it; the last: {lost}"
                    ) from None
        raise AssertionError

    def _compile(self, worker: Worker, shape: RunShape) -> None:
        """See that the worker has the program, which one of them compiles and the others find in the cache."""
        if not has_cache():
            return
        while shape not in worker.known:
            lock = self._compiling.setdefault(shape, threading.Lock())
            if not lock.acquire(blocking=False):
                if self._compile_ahead(worker):
                    continue
                lock.acquire()
            try:
                worker.ask("compile", shape)
                worker.known.add(shape)
            finally:
                lock.release()

    def _compile_ahead(self, worker: Worker) -> bool:
        """Compile a program that nobody has asked for yet, instead of waiting; False if there is none."""
        while self._ahead:
            try:
                shape = self._ahead.popleft()
            except IndexError:
                return False
            lock = self._compiling.setdefault(shape, threading.Lock())
            if shape in worker.known or not lock.acquire(blocking=False):
                continue
            try:
                worker.ask("compile", shape)
                worker.known.add(shape)
            finally:
                lock.release()
            return True
        return False


def local(processors: int | None = None, much: int = MUCH) -> Local:
    """Threads of this process, or for ``much`` work processes: as many as there are CPUs unless told otherwise.

    On an accelerator it is one thread. Cells of several devices and of plugins run on threads of this process always.
    """
    if processors is None:
        processors = (os.cpu_count() or 1) if jax.default_backend() == "cpu" else 1
    apart = jax.default_backend() == "cpu" and sys.platform != "win32"
    return Local(processors, much if apart else sys.maxsize)
