"""The program under a stopwatch: ``python -m benchmarks.stopwatch FOLDER sweep --q 1..7`` runs ``aspis-sim sweep --q
1..7`` and leaves in the folder what each of its processes did when.

A line of JSON is one thing done: its name, what it was done for, begin and end (seconds of the machine's monotonic
clock, which its processes share), whether it was done within another one, and ``alone``: its seconds without those of
the things that were done within it.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = "ASPIS_STOPWATCH_FOLDER"
"""Variable that names the folder, which worker processes inherit."""

THREADS = "ASPIS_STOPWATCH_THREADS"
"""Variable that, set to anything, keeps all runs on threads of one process."""

MAIN = "from benchmarks.stopwatch import serve; serve({})"
"""What a worker process runs."""

COMPILER = "/jax/core/compile/backend_compile_duration"
"""JAX's name for the seconds in which a program is compiled, or read from the cache."""

CACHE = {"/jax/compilation_cache/cache_hits": "found", "/jax/compilation_cache/cache_misses": "made"}
"""JAX's names for what became of a program that was looked for in the cache."""


@dataclass
class _Doing:
    """What a thread is doing: its name, what for, the seconds of what was done within, and what was counted."""

    name: str
    label: str
    within: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)


class Stopwatch:
    """What the threads of this process do, a line for each thing."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / f"{os.getpid()}.jsonl").open("a", buffering=1, encoding="utf-8")
        self._own = threading.local()
        self._lock = threading.Lock()

    @property
    def doing(self) -> list[_Doing]:
        """What this thread is doing, the innermost last."""
        if not hasattr(self._own, "doing"):
            self._own.doing = []
        found: list[_Doing] = self._own.doing
        return found

    def note(self, name: str, label: str, begin: float, within: float = 0.0, **more: Any) -> None:
        """Write the line of a thing that ends now, and take its seconds off those of the thing around it."""
        end = time.monotonic()
        line = {"name": name, "label": label, "begin": begin, "end": end, "alone": end - begin - within, **more}
        line |= {"process": os.getpid(), "nested": bool(self.doing)}
        if self.doing:
            self.doing[-1].within += end - begin
        with self._lock:
            self._file.write(json.dumps(line) + "\n")

    def timed(self, name: str, function: Callable[..., Any], label: Callable[..., str] | None = None) -> Any:
        """The function, each call of which is noted; without a label of its own it has that of the thing around it."""

        def measured(*given: Any, **named: Any) -> Any:
            above = self.doing[-1].label if self.doing else ""
            this = _Doing(name, label(*given) if label else above)
            self.doing.append(this)
            begin = time.monotonic()
            try:
                return function(*given, **named)
            finally:
                self.doing.pop()
                self.note(name, this.label, begin, this.within, **this.counts)

        return measured


def attach(watch: Stopwatch) -> None:
    """Time what a run consists of, wherever in this process it runs."""
    import jax

    from aspis_sim.run import train
    from aspis_sim.run.resolve import Job
    from aspis_sim.simulation import program
    from aspis_sim.simulation.run import Run

    def cached(event: str, **more: Any) -> None:
        if event in CACHE and watch.doing:
            watch.doing[-1].counts[CACHE[event]] += 1

    def compiled(event: str, duration_secs: float, **more: str | int) -> None:
        if event == COMPILER and watch.doing and watch.doing[-1].name != "program":
            watch.note("small program", watch.doing[-1].label, time.monotonic() - duration_secs)

    def until_ready(function: Any) -> Any:
        def finished(*given: Any) -> Any:
            run = function(*given)
            jax.block_until_ready((run.order, run.state.weights))
            return run

        return finished

    jax.monitoring.register_event_listener(cached)
    jax.monitoring.register_event_duration_secs_listener(compiled)
    replaced: list[tuple[Any, str, Any]] = [
        (program, "_build", watch.timed("program", program._build, _parts)),
        (train, "train", watch.timed("run", train.train, lambda cell, *rest: cell.scheme)),
        (Run, "start", staticmethod(watch.timed("begin", until_ready(Run.start)))),
        (Run, "to", watch.timed("steps", until_ready(Run.to))),
        (Run, "score", watch.timed("evaluation", Run.score)),
        (Job, "decide", watch.timed("verdicts", Job.decide)),
    ]
    for owner, name, timed in replaced:
        setattr(owner, name, timed)


def _parts(shape: Any) -> str:
    """What tells the programs of a sweep from each other: schemes with the same parts share one."""
    told = "certifies" if shape.certifies else "detects" if shape.detects else ""
    return " ".join(filter(None, (shape.settings.assignment, shape.settings.rule, told)))


def serve(descriptor: int) -> None:
    """Answer as a worker process."""
    watch = Stopwatch(Path(os.environ[FOLDER]))
    attach(watch)
    watch.note("ready", "", time.monotonic())
    from aspis_sim.run.executors import worker

    worker.serve(descriptor)


def main(folder: str, *words: str) -> None:
    """Run the program."""
    os.environ[FOLDER] = folder
    watch = Stopwatch(Path(folder))
    attach(watch)
    from aspis_sim.run.executors import local, worker

    started = worker.Worker._start

    def start(one: worker.Worker) -> Any:
        begin = time.monotonic()
        pipe = started(one)
        watch.note("start", "", begin, child=one._process and one._process.pid)
        return pipe

    replaced: list[tuple[Any, str, Any]] = [
        (worker, "MAIN", MAIN),
        (worker.Worker, "_start", start),
        (worker.Worker, "ask", watch.timed("question", worker.Worker.ask)),
    ]
    replaced.append((local.local, "__defaults__", (None, sys.maxsize if THREADS in os.environ else 0)))
    for owner, name, other in replaced:
        setattr(owner, name, other)
    from aspis_sim_cli.__main__ import main as program

    sys.argv = ["aspis-sim", *words]
    try:
        program()
    finally:
        watch.note("command", "", time.monotonic(), processor=time.process_time())


if __name__ == "__main__":
    main(*sys.argv[1:])
