"""Where results go: tables to the terminal, CSV and JSON to stdout, and either to a file."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim_cli.boundary import complain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Format(enum.StrEnum):
    """How results are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def stdout() -> Console:
    """A console for results."""
    return _console(sys.stdout)


def stderr() -> Console:
    """A console for everything else."""
    return _console(sys.stderr)


def _console(file: TextIO) -> Console:
    """A console that writes no styles, bold and dim included, where ``NO_COLOR`` is set."""
    from rich.console import Console

    return Console(file=file, highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")


@contextmanager
def spinner(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A spinner on a terminal, nothing elsewhere; gives the function that changes its text."""
    console = stderr()
    if quiet or not console.is_terminal:
        yield lambda text: None
        return
    with console.status("searching") as status:
        yield status.update


def keep_stdout_for_results() -> None:
    """Let what libraries print by themselves go to stderr from now on; ``/dev/stdout`` stays the results."""
    from aspis_sim.files import moved

    before = sys.stdout
    results = os.dup(before.fileno())
    moved(before.fileno(), results)
    os.dup2(sys.stderr.fileno(), before.fileno())
    sys.stdout = os.fdopen(results, "w", encoding=before.encoding, errors=before.errors)


def print_text(text: str) -> None:
    """Write results to stdout as they are; on a terminal with ? for what would move its cursor."""
    if sys.stdout.isatty():
        text = "\n".join(map(printable, text.split("\n")))
    sys.stdout.write(text)


Text = Callable[[Format], str]
"""Results as CSV or JSON."""


def texts(records: Iterable[Any], columns: Sequence[str]) -> Text:
    """Records as CSV of these columns, or as JSON of all."""
    from aspis_sim.records import as_csv, as_json

    return lambda kind: as_json(records) if kind is Format.JSON else as_csv(records, columns)


@dataclass(frozen=True)
class Output:
    """Where the results of a command go; made before any work, so that a file that cannot be written is refused then.

    Attributes:
        format: printed on stdout.
        path: of the file, None for none.
        written: format of the file.
    """

    format: Format
    path: Path | None = None
    written: Format = Format.CSV

    @classmethod
    def to(cls, format: Format, out: Path | None) -> Output:
        """The output that ``--format`` and ``--out`` ask for.

        Raises:
            InputError: no format goes with the file's ending, or the file cannot be written.
        """
        from aspis_sim.files import writable

        if out is None:
            return cls(format, None, Format.CSV if format is Format.TABLE else format)
        return cls(format, writable(out), _of_ending(out, format))

    def write(self, text: Text, said: str = "written to") -> None:
        """Write the file, if there is one, and say so."""
        from aspis_sim.files import write_whole

        if self.path is not None:
            write_whole(self.path, text(self.written))
            complain(f"{said} {self.path}")

    def show(
        self, text: Text, view: Callable[[Console], RenderableType | None], notes: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """Print the results: a view on the terminal, or text, whose notes go to stderr."""
        if self.format is Format.TABLE:
            console = stdout()
            if (made := view(console)) is not None:
                console.print(made)
            return
        print_text(text(self.format))
        for line in notes():
            complain(line)

    def give(
        self, text: Text, view: Callable[[Console], RenderableType | None], notes: Callable[[], Iterable[str]] = tuple
    ) -> None:
        """Write and print the results; see `write` and `show`."""
        self.write(text)
        self.show(text, view, notes)


def _of_ending(path: Path, printed: Format) -> Format:
    """The format of a results file: by its ending, else the printed format, CSV for a table."""
    try:
        return Format(path.suffix.removeprefix(".").lower())
    except ValueError:
        pass
    if path.suffix:
        raise InputError(f"cannot tell a format from {path.name}; end the file in .csv or .json")
    return Format.CSV if printed is Format.TABLE else printed
