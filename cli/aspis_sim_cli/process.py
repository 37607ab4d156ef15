"""The process before a command is read: streams that take every character, and no backend of figures but files."""

import codecs
import io
import os
import sys

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus

PLAIN = {
    "ε": "e",
    "γ": "g",
    "λ": "l",
    "β": "b",
    "±": "~",
    "×": "x",
    "·": ".",
    "…": "...",
    "–": "-",
    "≥": ">=",
    "≤": "<=",
    "✓": "=",
    "✗": "!",
    "—": "-",
    "−": "-",
    "’": "'",
    "│": "|",
    "┃": "|",
    "→": "->",
}
"""What stands for a character that the encoding of the output lacks, one for one in tables; lines of boxes are - and +.
"""


def prepare() -> None:
    """Make the process fit to run commands.

    Ends it with exit code 2 if stdout is closed: results would be lost, or written into the next file that is opened.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # a closed one would be the next file
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        complain("error: stdout is closed, and results go there; send them to a file, or to /dev/null")
        sys.exit(ExitStatus.BAD_INPUT)
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape", "backslashreplace"):
            stream.reconfigure(errors="plain")
    os.environ["MPLBACKEND"] = "agg"  # figures go to files; the backend of a notebook may not be installed here


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_instead, error.object[error.start : error.end])), error.end


def _instead(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    if "\u2500" <= character <= "\u257f":
        return "-" if character in "─━═╌╍┄┅┈┉" else "+"
    return character.encode("ascii", "backslashreplace").decode()
