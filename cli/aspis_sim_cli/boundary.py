"""The one place where what went wrong becomes a message on stderr and an exit code."""

import errno
import functools
import inspect
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import typer

from aspis_sim.errors import DataError, InputError, PluginError
from aspis_sim.printable import message, printable
from aspis_sim_cli.exit_status import ExitStatus

CODES = {
    InputError: ExitStatus.BAD_INPUT,
    DataError: ExitStatus.DATA_MISSING,
    PluginError: ExitStatus.CELLS_FAILED,
    MemoryError: ExitStatus.DATA_MISSING,
}


CAUGHT = (*CODES, OSError, KeyboardInterrupt)
"""What ends in a message."""

LONGEST = 100
"""Characters of a path in a message about it."""

FULL = (errno.ENOSPC, errno.EDQUOT)
OF_THE_MACHINE = (*FULL, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of the system for which the path that was given is not to blame."""


def whole(program: Callable[[], None]) -> None:
    """Run the program, so that what its command line raises, and the last results on stdout, are bounded, too."""
    try:
        try:
            program()
        finally:
            sys.stdout.flush()
    except CAUGHT as error:
        code = _ended(error)
    except SystemExit as leaving:
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        code = _ended(leaving.__context__)  # typer's own ending, when nobody reads the help any more
    sys.exit(code)


def _ended(error: BaseException) -> ExitStatus:
    """The exit code of what was raised, after a message; as it is with ``ASPIS_DEBUG=1``.

    Nobody reads stdout any more, as before ``| head``: that is no error. Else it is told, and no more is written.
    """
    if isinstance(error, KeyboardInterrupt):
        complain("interrupted")
        return ExitStatus.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
        return ExitStatus.DONE
    if os.environ.get("ASPIS_DEBUG"):
        raise error
    if isinstance(error, OSError):
        complain(f"error: {_told(error)}")
        if error.filename is None:
            _silence_stdout()
        ours = error.filename is None or error.errno in OF_THE_MACHINE
        return ExitStatus.DATA_MISSING if ours else ExitStatus.BAD_INPUT
    if isinstance(error, MemoryError):
        complain(f"error: there is not enough memory{f' ({error})' if str(error) else ''}; ask for something smaller")
    else:
        complain(f"error: {error}")
    return next(code for kind, code in CODES.items() if isinstance(error, kind))


def _told(error: OSError) -> str:
    """What the system refused, and of which file."""
    reason = error.strerror or printable(error) or type(error).__name__
    if error.filename is None:
        return f"cannot write the results: {reason}" if error.errno in FULL else reason
    name = printable(os.fsdecode(error.filename) if isinstance(error.filename, bytes | str) else error.filename)
    return f"{name if len(name) <= LONGEST else f'{name[: LONGEST // 2]}...{name[-LONGEST // 2 :]}'}: {reason}"


def _silence_stdout() -> None:
    """Let what is still to be written to stdout go nowhere, if it is a stream of the system."""
    with suppress(OSError, ValueError):
        number = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def bounded(command: Callable[..., ExitStatus | None]) -> Callable[..., None]:
    """Run a command so that its errors end in one message and its status in the exit code.

    ``ASPIS_DEBUG=1`` shows the traceback of bad input, damaged data and broken plugins too. A SIGTERM is an
    interruption like Ctrl-C.
    """

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        status: ExitStatus | None
        try:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, _interrupt)
            status = command(*arguments, **options)
        except CAUGHT as error:
            status = _ended(error)
        raise typer.Exit(status or ExitStatus.DONE)

    run.__doc__ = _unwrapped(inspect.getdoc(command) or "")
    return run


def _unwrapped(text: str) -> str:
    """Paragraphs without line breaks, so that the help wraps them to the terminal's width."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(one if one.startswith(" ") else one.replace("\n", " ") for one in paragraphs)


def complain(text: str) -> None:
    """Write a message to stderr, settings in it spelled as flags, as `aspis_sim.printable.message` shows it.

    Where stderr takes nothing, that ends no command.
    """
    if "`" in text:
        from aspis_sim_cli.spelling import spelled

        text = spelled(text)
    with suppress(OSError):
        print(message(text), file=sys.stderr)


def note_environment() -> None:
    """Say which variables of the environment may change the numbers of a run."""
    from aspis_sim.environment import unpinned

    for name, value in unpinned().items():
        complain(f"{name}={printable(value)} can change numbers: a study keeps such runs apart")


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
