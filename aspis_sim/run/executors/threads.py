"""Runs on the threads of this process, which share its compiled programs."""

import os
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import jax

from aspis_sim.run.train import Result, Tick, train
from aspis_sim.simulation import RunShape, compiled
from aspis_sim.spec.cell import Cell


class _Threads:
    def __init__(self, processors: int) -> None:
        self.processors = processors
        self._pool = ThreadPoolExecutor(processors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown()

    def prepare(self, shapes: Iterable[RunShape]) -> None:
        for shape in shapes:
            self._pool.submit(compiled, shape)

    def submit(self, cell: Cell, tick: Tick, every: int | None = None) -> Future[Result]:
        return self._pool.submit(train, cell, tick, every)


def local(processors: int | None = None) -> _Threads:
    """Threads of this process, as many as there are CPUs unless told otherwise (one on an accelerator)."""
    if processors is None:
        processors = (os.cpu_count() or 1) if jax.default_backend() == "cpu" else 1
    return _Threads(processors)
