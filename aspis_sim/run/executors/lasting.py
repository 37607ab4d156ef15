"""An executor that stays from one sweep to the next, so that what its processes have compiled is not lost."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from aspis_sim.run.executors.base import Executor
from aspis_sim.run.train import Result, Tick
from aspis_sim.simulation import RunShape
from aspis_sim.spec.cell import Cell


class Lasting:
    """See `lasting`."""

    def __init__(self, inner: Executor, numbers: int) -> None:
        self._inner, self._numbers = inner, numbers
        self.processors = inner.processors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """What still runs is told to stop by the sweep that began it."""

    def prepare(self, shapes: Iterable[RunShape], numbers: int) -> None:
        """As the executor that lasts, which is told of all the work to come."""
        self._inner.prepare(shapes, max(numbers, self._numbers))

    def submit(self, cell: Cell, tick: Tick, every: int | None = None) -> Future[Result]:
        """As the executor that lasts."""
        return self._inner.submit(cell, tick, every)


@contextmanager
def lasting(inner: Executor, numbers: int = 0) -> Iterator[Executor]:
    """The executor for several sweeps, one after the other; it ends with the context.

    Args:
        inner: the executor.
        numbers: entries of gradients, of all files in all steps of all runs of all sweeps, as far as is known.
    """
    with inner as begun:
        yield Lasting(begun, numbers)
