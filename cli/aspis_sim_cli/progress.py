"""Following a sweep while it runs: a progress bar on a terminal, log lines elsewhere, and a clean end on Ctrl-C."""

import json
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from aspis_sim.errors import InputError
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import Row, row_of
from aspis_sim.run.sweep import Event
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.output import stderr

LOG_EVERY = 10.0
"""Seconds between two log lines where there is no terminal."""


@dataclass
class Tally:
    """How far a sweep is.

    Attributes:
        steps: training steps to expect.
        cells: rows to expect.
        steps_done, cells_done: so far.
        cells_run: of these, the ones that ran here and now.
        best, worst: rows with the highest and the lowest accuracy so far.
        failed: cells that failed.
        began: clock at the start.
    """

    steps: int
    cells: int
    steps_done: int = 0
    cells_done: int = 0
    cells_run: int = 0
    best: Row | None = None
    worst: Row | None = None
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, event: Event) -> None:
        """Count what an event reports."""
        self.steps_done += event.steps
        self.cells_done += event.settled is not None
        row = _row(event)
        if row is None:
            return
        self.cells_run += 1
        self.failed += row.failed
        if row.top1 is not None:
            self.best = max(self.best or row, row, key=_top1)
            self.worst = min(self.worst or row, row, key=_top1)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.began

    @property
    def seconds_left(self) -> float | None:
        """By the steps done so far, None before the first."""
        return self.seconds * (self.steps / self.steps_done - 1) if self.steps_done else None

    @property
    def extremes(self) -> str:
        """The best and the worst cell so far, and how many failed."""
        ends = [(word, row) for word, row in (("best", self.best), ("worst", self.worst)) if row is not None]
        said = [f"{word} {row.scheme} q={row.q} {_top1(row):.1%}" for word, row in ends]
        return ", ".join(said + ([f"{self.failed} failed"] if self.failed else []))

    @property
    def line(self) -> str:
        """All of it as one line."""
        left = "" if self.seconds_left is None else f", {_duration(self.seconds_left)} left"
        rate = f", {60 * self.cells_run / max(self.seconds, 1e-9):.1f} a minute" if self.cells_run else ""
        extremes = f"; {self.extremes}" if self.extremes else ""
        return f"{self.steps_done / self.steps:.0%}, {self.cells_done}/{self.cells} cells{rate}{left}{extremes}"


@contextmanager
def bar(steps: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar over ``steps`` on a terminal; gives the function to call with the steps done."""
    with _progress("{task.percentage:>3.0f}% ", quiet) as progress:
        task = progress.add_task("training", total=steps)
        yield lambda done: progress.update(task, advance=done)


def follow(
    events: Generator[Event, None, None],
    steps: int,
    cells: int,
    arrived: Callable[[Event], None],
    quiet: bool,
    log: Path | None = None,
) -> bool:
    """Consume the events of a sweep; returns whether it ran to its end (False: it was interrupted).

    Args:
        events: of the sweep; closed in any case.
        steps: training steps to expect.
        cells: rows to expect.
        arrived: called with each event that brings a row.
        quiet: no progress bar and no log lines.
        log: file to which a JSON object a cell is appended as it finishes, "-" for stderr.

    Raises:
        InputError: the log cannot be written.
    """
    tally = Tally(max(steps, 1), cells)
    with _log(log) as note, _shown(tally, quiet) as show, _interruption() as asked, closing(events):
        for event in events:
            if asked():
                return False
            tally.add(event)
            show(event)
            if (row := _row(event)) is not None:
                arrived(event)
                note(tally, row)
    return True


@contextmanager
def _shown(tally: Tally, quiet: bool) -> Iterator[Callable[[Event], None]]:
    """What is to be called after every event: draws a bar on a terminal, else prints a line now and then."""
    console = stderr()
    if quiet or not console.is_terminal:
        said = time.monotonic()

        def say(event: Event) -> None:
            nonlocal said
            if not quiet and time.monotonic() - said >= LOG_EVERY:
                said = time.monotonic()
                complain(f"{datetime.now():%H:%M:%S} {tally.line}")

        yield say
        return
    progress = _progress("{task.percentage:>3.0f}%  {task.fields[done]}/{task.fields[cells]} cells ", quiet)
    task = progress.add_task("training", total=tally.steps, done=0, cells=tally.cells)
    with Live(progress, console=console, transient=True, refresh_per_second=4) as live:

        def draw(event: Event) -> None:
            progress.update(task, completed=tally.steps_done, done=tally.cells_done)
            rate = f"{60 * tally.cells_run / max(tally.seconds, 1e-9):.0f} cells a minute; " if tally.cells_run else ""
            live.update(Group(progress, Text(rate + tally.extremes, "dim", no_wrap=True, overflow="ellipsis")))

        yield draw


@contextmanager
def _log(path: Path | None) -> Iterator[Callable[[Tally, Row], None]]:
    """What is to be called with every row: appends it to the log, if there is one."""
    if path is None:
        yield lambda tally, row: None
        return
    try:
        opened: Any = nullcontext(stderr().file) if str(path) == "-" else path.open("a", encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    file: TextIO
    with opened as file:

        def note(tally: Tally, row: Row) -> None:
            told = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "done": tally.cells_done,
                "cells": tally.cells,
                "elapsed": round(tally.seconds, 3),
                "left": None if tally.seconds_left is None else round(tally.seconds_left, 3),
                **{name: getattr(row, name) for name in ("scheme", "q", "attack", "payload", "seed", "lr")},
                **{name: getattr(row, name) for name in ("top1", "seconds", "status")},
            }
            file.write(json.dumps(told) + "\n")
            file.flush()

        yield note


def _row(event: Event) -> Row | None:
    """The row of a cell whose run has ended here."""
    return None if event.result is None else row_of(resolve(event.result.cell), event.result)


def _top1(row: Row) -> float:
    return row.top1 if row.top1 is not None else 0.0


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if not hours else f"{hours} h {minutes} min"


@contextmanager
def _interruption() -> Iterator[Callable[[], bool]]:
    """Ctrl-C or SIGTERM only sets a flag, so that no file is left half-written; a second one interrupts at once."""
    seen: list[int] = []

    def note(signum: int, frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(signum)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {which: signal.signal(which, note) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(seen)
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)


def _progress(text: str, quiet: bool) -> Progress:
    console = stderr()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(text),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
