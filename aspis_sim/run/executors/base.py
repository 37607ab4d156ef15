"""What every executor is to a sweep."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from aspis_sim.run.train import Result, Tick
    from aspis_sim.simulation import RunShape
    from aspis_sim.spec.cell import Cell


RETRIES = 3
"""How often a cell runs again whose worker was lost; then it has failed, since it may be what kills its workers."""


class Executor(Protocol):
    """Takes cells, gives futures of their results; a context that is left ends what still runs.

    Attributes:
        processors: cells that run at a time.
    """

    processors: int

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait for the runs that have begun, or end them."""

    def prepare(self, shapes: Iterable[RunShape], numbers: int) -> None:
        """Begin to compile the programs of these shapes, if that can be done before their cells come.

        Args:
            shapes: in the order in which their cells will come.
            numbers: entries of gradients, of all files in all steps of all runs: how much work there will be.
        """

    def submit(self, cell: Cell, tick: Tick, every: int | None = None) -> Future[Result]:
        """Queue a run; arguments as those of `aspis_sim.run.train.train`."""
