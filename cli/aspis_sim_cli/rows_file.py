"""What comes of running cells: their rows in a file while they come in, and the exit code at the end."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from aspis_sim.files import replaced, write_whole
from aspis_sim.run.row import Row
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus

SAVE_EVERY = 1.0
"""Seconds between two rewrites of the results file while cells finish; more where one takes long."""


class RowsFile:
    """A file that is rewritten whole, now and then and at the end; none if there is no path.

    What is not replaced (a pipe, a device) is written once, at the end.

    Args:
        path: of the file.
        text: gives what is to stand in it by now.
    """

    def __init__(self, path: Path | None, text: Callable[[], str]) -> None:
        self._path, self._text = path, text
        self._often = path is not None and replaced(path)
        self._next = time.monotonic() + SAVE_EVERY

    def now_and_then(self) -> None:
        """Rewrite it if that is due."""
        if self._often and time.monotonic() > self._next:
            started = time.monotonic()
            self.save()
            self._next = time.monotonic() + max(SAVE_EVERY, 20 * (time.monotonic() - started))

    def save(self) -> None:
        """Rewrite it."""
        if self._path is not None:
            write_whole(self._path, self._text())


def status_of(rows: Iterable[Row], complete: bool, done: int, cells: int) -> ExitStatus:
    """The exit code; says on stderr what was interrupted or has failed.

    Args:
        rows: of the cells that have ended.
        complete: whether everything ran.
        done: cells that have ended.
        cells: that there are.
    """
    if not complete:
        complain(f"interrupted: {done} of {cells} cells had finished and are kept")
        return ExitStatus.INTERRUPTED
    failed = [row.status for row in rows if row.failed]
    for reason in dict.fromkeys(failed):
        complain(f"{failed.count(reason)} cells {reason}")
    return ExitStatus.CELLS_FAILED if failed else ExitStatus.DONE
