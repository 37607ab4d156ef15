"""Runs as the tasks of a Ray cluster, each in a worker process; the driver alone sees the results."""

import os
import socket
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aspis_sim import plugin
from aspis_sim.errors import InputError
from aspis_sim.run.executors.base import RETRIES
from aspis_sim.run.executors.inherited import variables
from aspis_sim.run.executors.ray_own import own_cluster
from aspis_sim.run.executors.worker import WorkerLost
from aspis_sim.run.machine import this_machine
from aspis_sim.run.train import Result, Tick, train
from aspis_sim.simulation import RunShape
from aspis_sim.spec.cell import Cell


class _Ray:
    def __init__(self, address: str | None, workers: int | None) -> None:
        try:
            import ray
        except ImportError:
            raise InputError("the executor ray needs Ray: pip install 'aspis-sim[ray]'") from None
        self._ray: Any = ray
        self._own = not ray.is_initialized()
        self._address, self._workers = address, workers
        self._running: dict[Any, Future[Result]] = {}
        self._opened = ExitStack()
        self.processors = 1

    def __enter__(self) -> Self:
        if self._own:
            with ExitStack() as opened:
                cluster = self._address or os.environ.get("RAY_ADDRESS")
                if cluster and cluster != "local":
                    opened.callback(self._ray.shutdown)
                    self._join(cluster)
                else:
                    opened.enter_context(own_cluster(self._ray, self._workers))
                self._opened = opened.pop_all()
        self.processors = max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        accelerators = 1 if self._ray.cluster_resources().get("GPU") else 0
        self._train = self._ray.remote(
            num_cpus=1,
            num_gpus=accelerators,
            max_retries=RETRIES,
            retry_exceptions=False,
            runtime_env={"env_vars": variables()},
        )(_train_cell)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for reference in list(self._running):
            self._ray.cancel(reference, force=True)
        self._opened.close()

    def _join(self, cluster: str) -> None:
        _reach(cluster)
        try:
            self._ray.init(address=cluster, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, self._ray.exceptions.RayError) as error:
            raise InputError(
                f"no way into the Ray cluster at {cluster}: {' '.join(str(error).split())[:200]}; if it asks for a "
                "token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH, a file with the token"
            ) from None

    def prepare(self, shapes: Iterable[RunShape], numbers: int) -> None:
        """Nothing: every worker compiles what its cells need, and finds in the shared cache what another has."""

    def submit(self, cell: Cell, tick: Tick, every: int | None = None) -> Future[Result]:
        reference = self._train.remote(cell, every, plugin.paths())
        ended: Future[Result] = Future()
        ended.set_running_or_notify_cancel()
        self._running[reference] = ended

        def settle(task: Future[Result]) -> None:
            self._running.pop(reference, None)
            error = task.exception()
            if error is None:
                try:
                    tick(cell.steps)
                    ended.set_result(task.result())
                except BaseException as stopped:
                    ended.set_exception(stopped)
                return
            cause = getattr(error, "cause", None)
            ended.set_exception(cause if isinstance(cause, Exception) else _lost(self._ray, error))

        reference.future().add_done_callback(settle)
        return ended


def ray_cluster(address: str | None = None, workers: int | None = None) -> _Ray:
    """Tasks of a Ray cluster: the one at ``address`` or ``$RAY_ADDRESS``, else one that is started on this machine.

    One that is started here asks for a token of its own and listens on loopback alone (`ray_own`). A task takes one
    CPU, and one GPU where the cluster has some. The cell of a worker that is lost runs again. Data sets and plugins
    must lie under the same paths on every node.

    Raises:
        InputError: Ray is not installed or too old, or the cluster is not there or lets nobody in.
    """
    return _Ray(address, workers)


def _reach(address: str | None) -> None:
    """See whether somebody listens there: Ray itself would go on asking for minutes."""
    host, colon, port = (address or "").rpartition(":")
    if not colon or "/" in host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise InputError(f"no Ray cluster at {address}: {error.strerror or error}") from None


def _lost(ray: Any, error: BaseException) -> BaseException:
    if isinstance(
        error, ray.exceptions.WorkerCrashedError | ray.exceptions.NodeDiedError | ray.exceptions.OutOfMemoryError
    ):
        return WorkerLost(f"{RETRIES + 1} workers were lost while they ran it")
    return error


def _train_cell(cell: Cell, every: int | None, plugins: tuple[Path, ...]) -> Result:
    """What a worker does."""
    for path in plugins:
        plugin.load(path)
    return replace(train(cell, every=every), machine=this_machine())
