"""Following a sweep while it runs: a progress bar on a terminal, log lines elsewhere, and a clean end on Ctrl-C."""

import json
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from aspis_sim.errors import InputError
from aspis_sim.run.row import Row
from aspis_sim.run.sweep import Event
from aspis_sim.study.pending import Pending
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.output import stderr
from aspis_sim_cli.render.so_far import SoFar
from aspis_sim_cli.render.tally import Tally

LOG_EVERY = 10.0
"""Seconds between two log lines where there is no terminal."""


@contextmanager
def bar(steps: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar over ``steps`` on a terminal; gives the function to call with the steps done."""
    with _progress("{task.percentage:>3.0f}% ", quiet) as progress:
        task = progress.add_task("compiling", total=steps)
        yield lambda done: progress.update(task, advance=done, description="training")


def follow(
    events: Generator[Event, None, None],
    pending: Pending,
    arrived: Callable[[Event], None],
    quiet: bool,
    log: Path | None = None,
) -> bool:
    """Consume the events of a sweep; returns whether it ran to its end (False: it was interrupted).

    Args:
        events: of the sweep; closed in any case.
        pending: what there is to do.
        arrived: called with each event that brings a row.
        quiet: no progress bar and no log lines.
        log: file to which a JSON object a cell is appended as it finishes, "-" for stderr.

    Raises:
        InputError: the log cannot be written.
    """
    tally = Tally.of(pending)
    with _log(log) as note, _shown(tally, quiet) as show, _interruption() as asked, closing(events):
        for event in events:
            if asked():
                return False
            row = tally.add(event)
            show(row)
            if row is not None:
                arrived(event)
                note(tally, row)
    return True


@contextmanager
def _shown(tally: Tally, quiet: bool) -> Iterator[Callable[[Row | None], None]]:
    """What is to be called after every event: draws on a terminal, else prints a line now and then."""
    console = stderr()
    if quiet or not console.is_terminal:
        said = time.monotonic()

        def say(row: Row | None) -> None:
            nonlocal said
            if not quiet and time.monotonic() - said >= LOG_EVERY:
                said = time.monotonic()
                complain(f"{datetime.now():%H:%M:%S} {tally.line}")

        yield say
        return
    progress = _progress("{task.percentage:>3.0f}%  {task.fields[done]}/{task.fields[cells]} cells ", quiet, tally=True)
    so_far = SoFar(tally.groups)
    table: RenderableType = Text()
    task = progress.add_task("training", total=tally.steps, done=0, cells=tally.cells, left="")
    with Live(progress, console=console, transient=True, refresh_per_second=4) as live:

        def draw(row: Row | None) -> None:
            nonlocal table
            if row is not None:
                so_far.add(row)
                table = so_far.table(console.width) or Text()
            progress.update(task, completed=tally.steps_done, done=tally.cells_done, left=tally.left)
            told = "; ".join(filter(None, (tally.doing, tally.rate, tally.extremes)))
            live.update(Group(progress, Text(told, "dim", no_wrap=True, overflow="ellipsis"), table))

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


def _progress(text: str, quiet: bool, tally: bool = False) -> Progress:
    """A bar; the time that is left is the tally's to say, or the bar's own guess from its steps."""
    console = stderr()
    left = (TextColumn("{task.fields[left]}"),) if tally else (TextColumn("left"), TimeRemainingColumn())
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(text),
        TimeElapsedColumn(),
        *left,
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
