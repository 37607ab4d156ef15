"""Following a sweep while it runs: a progress bar on a terminal, nothing elsewhere, and a clean end on Ctrl-C."""

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from types import FrameType

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from aspis_sim.experiment.execution import Event
from aspis_sim_cli.output import stderr


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
) -> bool:
    """Consume the events of a sweep; returns whether it ran to its end (False: it was interrupted).

    Args:
        events: of the sweep; closed in any case.
        steps: training steps to expect.
        cells: rows to expect.
        arrived: called with each event that brings a row.
        quiet: no progress bar.
    """
    done = 0
    with _progress("{task.percentage:>3.0f}%  {task.fields[done]}/{task.fields[cells]} cells ", quiet) as progress:
        task = progress.add_task("training", total=steps, done=0, cells=cells)
        with _interruption() as asked, closing(events):
            for event in events:
                if asked():
                    return False
                done += event.row is not None
                progress.update(task, advance=event.steps, done=done)
                if event.row is not None:
                    arrived(event)
    return True


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
