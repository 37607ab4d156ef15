"""One input run through the program in this process, and held against what is promised of every input.

Promised are: an exit code of 0, 2, 3, 4 or 130; no traceback, and no error that reaches nobody; a refusal that is one
message of six rows; nothing unprintable on the terminal; an end within `LIMIT` seconds; and no change of any file but
those in the input's folder.
"""

import functools
import os
import re
import signal
import sys
import time
import traceback
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO, TextIOWrapper
from math import ceil
from pathlib import Path
from typing import Any

import typer
from aspis_sim_cli.app import app
from aspis_sim_cli.boundary import whole
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.process import prepare

from aspis_sim.printable import ROWS, WIDTH
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import SERVER, Input
from benchmarks.fuzz.server import answering

LIMIT = 20.0
"""Seconds that an input may take. One that takes more is run again, so that nothing else is to blame."""

UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters that move a cursor, or are none."""

DATA = ("export",)
"""The command whose output is a file's content, texts of others as they are."""

REFUSALS = (ExitStatus.BAD_INPUT, ExitStatus.DATA_MISSING)


@dataclass(frozen=True)
class Outcome:
    """What came of an input.

    Attributes:
        code: exit code.
        seconds: that it took.
        failure: which promise was broken, and where; empty if none was.
        detail: what was raised or printed.
    """

    code: int | None
    seconds: float
    failure: str = ""
    detail: str = ""


class _TooLong(BaseException):
    """The time of an input is over."""


def tried(one: Input, ground: Ground) -> Outcome:
    """Run an input; a second time if it took too long."""
    found = _run(one, ground)
    return _run(one, ground) if found.failure.startswith("takes") else found


def _run(one: Input, ground: Ground) -> Outcome:
    folder = ground.emptied()
    for name, content in one.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    before = ground.guarded()
    os.chdir(folder)
    raised = None
    code: Any = None
    with answering(one.answers) as address, _captured(ground.folder) as streams:
        words = [word.replace(SERVER, address) for word in one.words]
        started = time.monotonic()
        try:
            with _limited():
                prepare()
                whole(functools.partial(_program(), args=words, prog_name="aspis-sim"))
        except SystemExit as leaving:
            code = leaving.code or 0
        except BaseException as error:
            raised = error
        seconds = time.monotonic() - started
    out, err = (path.read_bytes().decode("utf-8", "replace") for path in streams)
    after = ground.guarded()
    changed = sorted({path for path, _ in before.items() ^ after.items()})
    shown = "" if one.words[:1] == DATA else out
    failure = _of_raised(raised) or _broken(code, shown, err, changed)
    detail = "".join(traceback.format_exception(raised)[-6:]) if raised else err[-2000:] or out[-2000:]
    return Outcome(code, seconds, failure, detail if failure else "")


@functools.cache
def _program() -> Any:
    return typer.main.get_command(app)


@contextmanager
def _limited() -> Iterator[None]:
    def over(signum: int, frame: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, over), signal.getsignal(signal.SIGTERM)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGTERM, before[1])


@contextmanager
def _captured(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Let the streams and descriptors of stdout and stderr be files in a folder, whose paths are given."""
    paths = folder / "stdout", folder / "stderr"
    streams = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    kept = os.dup(1), os.dup(2)
    for number, path in enumerate(paths, 1):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    ours = [TextIOWrapper(FileIO(number, "w", closefd=False), encoding="utf-8") for number in (1, 2)]
    sys.stdout, sys.stderr = ours
    try:
        yield paths
    finally:
        for mine in {sys.stdout, sys.stderr, *ours}:
            if not mine.closed:
                mine.flush()
        sys.stdout, sys.stderr = streams
        for number, before in enumerate(kept, 1):
            os.dup2(before, number)
            os.close(before)


def _of_raised(raised: BaseException | None) -> str:
    if raised is None:
        return ""
    frames = [frame for frame in traceback.extract_tb(raised.__traceback__) if "/aspis_sim" in frame.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "nowhere"
    if isinstance(raised, _TooLong):
        return f"takes more than {LIMIT:g} s in {place}"
    return f"{type(raised).__name__} of {place}"


def _broken(code: Any, out: str, err: str, changed: list[str]) -> str:
    """The first promise that is broken, empty if none is."""
    if code not in set(ExitStatus):
        return f"exit code {code}"
    if "Traceback (most recent call last)" in out + err:
        return "a traceback is printed"
    for name, text in (("stdout", out), ("stderr", err)):
        wrong = {one for one in set(text) - set("\n\t") if unicodedata.category(one) in UNPRINTABLE}
        if wrong:
            return f"{name} has {', '.join(sorted(map(ascii, wrong)))}"
    if changed:
        return f"changes {Path(changed[0]).name}"
    if code in REFUSALS:
        messages = re.split(r"^error: ", err, flags=re.MULTILINE)[1:]
        if (code == ExitStatus.BAD_INPUT and len(messages) != 1) or not (messages or out):
            return f"{len(messages)} messages of a refusal"
        for one in messages:
            rows = sum(max(1, ceil(len(line) / WIDTH)) for line in f"error: {one}".splitlines())
            if rows > ROWS:
                return f"a message of {rows} rows"
        if code == ExitStatus.BAD_INPUT and out:
            return "results are printed before a refusal"
    return ""
