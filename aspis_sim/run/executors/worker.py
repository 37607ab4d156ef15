"""A process that runs cells for another one, and the other one's end of it."""

import os
import pickle
import signal
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from aspis_sim.run.executors.inherited import variables
from aspis_sim.run.train import Tick

MAIN = "from aspis_sim.run.executors.worker import serve; serve({})"

PATIENCE = 0.3
"""Seconds that a worker has to end by itself."""


class WorkerLost(RuntimeError):
    """A worker ended while it was at work."""


class Worker:
    """A worker process; it is started with the first question, and again where it was lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self.known: set[Any] = set()

    def ask(self, function: str, *given: Any, tick: Tick = lambda steps: None) -> Any:
        """What a function of `QUESTIONS` returns there.

        Args:
            function: its name.
            given: its arguments.
            tick: told of the steps done meanwhile; if it raises, the worker is ended.

        Raises:
            WorkerLost: the worker ended.
            Exception: what the function raised.
        """
        pipe = self._pipe or self._start()
        kind, value = self._exchange(pipe, (function, given))
        while kind == "steps":
            try:
                tick(value)
            except BaseException:
                self.end()
                raise
            kind, value = self._exchange(pipe)
        if kind == "raised":
            raise value
        return value

    def _exchange(self, pipe: Connection, *questions: Any) -> tuple[str, Any]:
        """Send a question if there is one, and take what comes next."""
        try:
            for question in questions:
                pipe.send(question)
            return pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerLost(f"a worker process ended {self.end()}") from error

    def end(self) -> str:
        """End the process; returns how it ended, in words."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        self.known.clear()
        if process is None or pipe is None:
            return "before it began"
        pipe.close()
        try:
            code = process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return f"by signal {-code}" if code < 0 else f"with code {code}"

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            environment = os.environ | variables() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self._process = subprocess.Popen(
                [sys.executable, "-c", MAIN.format(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._pipe = ours
        return ours


def serve(descriptor: int) -> None:
    """Answer questions until the other end is closed. Ctrl-C is for the other process, which ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Connection(descriptor)
    try:
        while True:
            function, given = pipe.recv()
            pipe.send(_answer(QUESTIONS[function], given, lambda steps: pipe.send(("steps", steps))))
    except (EOFError, ConnectionError):
        return


def _answer(function: Any, given: tuple[Any, ...], tick: Tick) -> tuple[str, Any]:
    try:
        return "done", function(*given, tick=tick)
    except (EOFError, ConnectionError):
        raise
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return "raised", RuntimeError(f"{type(error).__name__}: {error}")
        return "raised", error


def _compile(shape: Any, tick: Tick) -> None:
    from aspis_sim.simulation import compiled

    compiled(shape)


def _train(cell: Any, every: int | None, tick: Tick) -> Any:
    from aspis_sim.run.train import train

    return train(cell, tick, every)


QUESTIONS = {"compile": _compile, "train": _train}
