"""The one place where what went wrong becomes a message on stderr and an exit code."""

import functools
import inspect
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import typer

from aspis_sim.environment import unpinned
from aspis_sim.errors import DataError, InputError, PluginError
from aspis_sim.printable import message, printable
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.spelling import spelled

CODES = {
    InputError: ExitStatus.BAD_INPUT,
    DataError: ExitStatus.DATA_MISSING,
    PluginError: ExitStatus.CELLS_FAILED,
}


def bounded(command: Callable[..., ExitStatus | None]) -> Callable[..., None]:
    """Run a command so that its errors end in one message and its status in the exit code.

    ``ASPIS_DEBUG=1`` shows the traceback of bad input, damaged data and broken plugins too. A SIGTERM is an
    interruption like Ctrl-C.
    """

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, _interrupt)
            status = command(*arguments, **options)
        except (InputError, DataError, PluginError) as error:
            if os.environ.get("ASPIS_DEBUG"):
                raise
            complain(f"error: {error}")
            status = next(code for kind, code in CODES.items() if isinstance(error, kind))
        except KeyboardInterrupt:
            complain("interrupted")
            status = ExitStatus.INTERRUPTED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            status = ExitStatus.DONE
        raise typer.Exit(status or ExitStatus.DONE)

    run.__doc__ = _unwrapped(inspect.getdoc(command) or "")
    return run


def _unwrapped(text: str) -> str:
    """Paragraphs without line breaks, so that the help wraps them to the terminal's width."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(one if one.startswith(" ") else one.replace("\n", " ") for one in paragraphs)


def complain(text: str) -> None:
    """Write a message to stderr, settings in it spelled as flags, as `aspis_sim.printable.message` shows it."""
    print(message(spelled(text)), file=sys.stderr)


def note_environment() -> None:
    """Say which variables of the environment may change the numbers of a run."""
    for name, value in unpinned().items():
        complain(f"{name}={printable(value)} can change numbers: a study keeps such runs apart")


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
