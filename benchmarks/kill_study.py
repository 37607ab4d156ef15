"""Does a study survive being killed? ``python -m benchmarks.kill_study 100`` kills its sweeps so many times, and looks.

A sweep of tiny cells runs once undisturbed. Then two processes run the same sweep in one study, while a third reads it
over and over, as ``export`` and as ``report``. Again and again one of the two is killed (SIGKILL), chosen from a seed,
within a millisecond of writing to the study, once it has runs at work and something was committed since the last kill;
and it is started anew. When both have ended, the export must be that of the undisturbed sweep byte for byte,
``seconds`` apart; whatever was committed before a kill must still be there; no run may have begun once it was
committed; and every reading must have ended well, with rows of the undisturbed sweep and none missing that were read
before.
"""

import csv
import io
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.table import print_csv

PROGRAM = [sys.executable, "-c", "from aspis_sim_cli.app import main; main()"]
SWEEP = (
    "sweep --q 1..7 --scheme detox,median,average --payload alie,constant,reversed --seeds 0..9 --lr 0.03,0.1 "
    "--model softmax --steps 1000 --quiet --format csv"
)
PROCESSES = 2
"""Sweeps of one study at the same time."""

AFTER = 0.001
"""Seconds after a process has written to the study within which it is killed."""

ATTENTION = 0.0002
"""Seconds between two looks at what a process has written."""

REST = 1.0
"""Seconds between two readings of the study."""

EARLY = ("no study", "has finished yet")
"""What is said of a study that is not there yet, or in which nothing has ended."""

Row = tuple[str, ...]


def run(kills: int = 100, seed: int = 0, words: str = SWEEP, report: bool = True) -> list[dict[str, Any]]:
    """Kill and resume sweeps; one row: what was counted, of which ``lost`` to ``misread`` must be 0.

    ``studies``: that the kills took, a new one whenever the sweeps have ended. ``runs``: committed in them.
    ``cut_short``: runs that a kill ended before they were committed. ``lost``: committed runs that were not there after
    a kill, or runs that were begun and never committed. ``twice``: runs that began after they were committed.
    ``differing``: rows of the exports that differ from the undisturbed one's. ``readings``: exports, and with
    ``report`` as many reports; ``misread`` were refused, had other rows than the undisturbed sweep or lacked rows read
    before.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environment = {**os.environ, "ASPIS_CACHE_DIR": str(place / "cache")}
        started = time.perf_counter()
        if _start(words, place / "whole", environment).wait():
            raise RuntimeError(f"the undisturbed sweep failed: aspis-sim {words}")
        undisturbed = time.perf_counter() - started
        expected = _exported(place / "whole", environment)
        draws = random.Random(seed)
        total: Counter[str] = Counter(kills=0)
        while total["kills"] < kills:
            total["studies"] += 1
            study = place / f"broken-{total['studies']}"
            figures = _disturbed(study, words, environment, report, kills - total["kills"], draws, expected)
            if not figures["kills"]:
                raise RuntimeError(f"the sweeps end before they can be killed: aspis-sim {words}")
            total.update(figures)
        return [{**total, "cells": len(expected) - 1, "undisturbed_seconds": round(undisturbed, 1), **machine()}]


def _disturbed(
    study: Path,
    words: str,
    environment: dict[str, str],
    report: bool,
    kills: int,
    draws: random.Random,
    expected: list[Row],
) -> dict[str, int]:
    """What was counted while sweeps made a study, killed up to so many times."""
    reader = _Reader(study, environment, report)
    reading = threading.Thread(target=reader.work)
    sweeps = [_start(words, study, environment) for _ in range(PROCESSES)]
    done = lost = 0
    before: list[tuple[str, str]] = []
    reading.start()
    try:
        while done < kills:
            one = draws.randrange(PROCESSES)
            if not _killed(sweeps[one], study, len(before), draws.uniform(0, AFTER)):
                break
            log = _log(study)
            lost += sum(old != new for old, new in zip_longest(before, log[: len(before)]))
            before, done = log, done + 1
            sweeps[one] = _start(words, study, environment)
        if any(sweep.wait() for sweep in sweeps):
            raise RuntimeError(f"a sweep failed: aspis-sim {words}")
    finally:
        for sweep in sweeps:
            sweep.kill()
        reader.enough.set()
        reading.join()
    log = _log(study)
    begun = [key for key, event in log if event == "begun"]
    committed = {key for key, event in log if event == "committed"}
    found = _exported(study, environment)
    return {
        "kills": done,
        "runs": len(committed),
        "cut_short": len(begun) - len(set(begun)),
        "lost": lost + len(set(begun) - committed),
        "twice": _twice(log),
        "differing": sum(one != other for one, other in zip_longest(expected, found)),
        "readings": len(reader.exports),
        "misread": reader.refused + _misread(reader.exports, set(expected)),
    }


@dataclass
class _Reader:
    """Reads a study over and over; that it is refused before anything is in it is right.

    Attributes:
        study: its folder.
        environment: of the commands.
        report: whether a report is made, too.
        enough: set to end it.
        exports: the rows of each export.
        refused: commands that did not end with exit code 0.
    """

    study: Path
    environment: dict[str, str]
    report: bool
    enough: threading.Event = field(default_factory=threading.Event)
    exports: list[list[Row]] = field(default_factory=list)
    refused: int = 0

    def work(self) -> None:
        """Read until it is enough."""
        while not self.enough.wait(REST):
            try:
                self.exports.append(_exported(self.study, self.environment))
                if self.report:
                    page = ["report", str(self.study), "--out", str(self.study.with_suffix(".html"))]
                    subprocess.run([*PROGRAM, *page], check=True, capture_output=True, text=True, env=self.environment)
            except subprocess.CalledProcessError as error:
                early = not self.exports and any(reason in error.stderr for reason in EARLY)
                if not early:
                    print(error, error.stderr, file=sys.stderr)
                self.refused += not early


def _misread(exports: list[list[Row]], expected: set[Row]) -> int:
    """How many exports lack a row of the one before, or have one that is not expected."""
    sets: list[set[Row]] = [set(), *map(set, exports)]
    return sum(not before <= after <= expected for before, after in pairwise(sets))


def _start(words: str, study: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [*PROGRAM, *words.split(), "--study", str(study)], stdout=quiet, stderr=quiet, env=environment
    )


def _killed(process: "subprocess.Popen[bytes]", study: Path, known: int, delay: float) -> bool:
    """Kill a sweep while it writes to the study; False if it had ended by then.

    Args:
        process: of the sweep; it has to be at work on a run.
        study: its folder.
        known: events of the study's log until now; a run has to be committed after them.
        delay: seconds from what it writes to the kill.
    """
    while process.poll() is None and not (
        _claimed(study, process.pid) and any(event == "committed" for _, event in _log(study)[known:])
    ):
        time.sleep(0.01)
    written = _written(process)
    while process.poll() is None and _written(process) == written:
        time.sleep(ATTENTION)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _written(process: "subprocess.Popen[bytes]") -> int:
    """Bytes that a process has written so far, as Linux counts them; its sweep is quiet, so that they go to files."""
    try:
        lines = Path(f"/proc/{process.pid}/io").read_text(encoding="ascii").splitlines()
        return next(int(line.removeprefix("wchar: ")) for line in lines if line.startswith("wchar: "))
    except (OSError, StopIteration):
        return -1


def _log(study: Path) -> list[tuple[str, str]]:
    return _asked(study, "SELECT key, event FROM log ORDER BY id")


def _claimed(study: Path, process: int) -> bool:
    return any(owner.split(" ")[0] == str(process) for (owner,) in _asked(study, "SELECT process FROM claims"))


def _asked(study: Path, question: str) -> list[Any]:
    path = study / "study.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def _twice(log: list[tuple[str, str]]) -> int:
    committed: set[str] = set()
    twice = 0
    for key, event in log:
        twice += key in committed
        if event == "committed":
            committed.add(key)
    return twice


def _exported(study: Path, environment: dict[str, str]) -> list[Row]:
    """The fields of the export as they are written, without the seconds."""
    words = [*PROGRAM, "export", str(study), "--format", "csv"]
    text = subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout
    header, *rows = csv.reader(io.StringIO(text))
    own = header.index("seconds")
    return [tuple(row[:own] + row[own + 1 :]) for row in (header, *rows)]


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    (row,) = run(**dict(zip(("kills", "seed"), numbers, strict=False)))  # type: ignore[arg-type]
    print_csv([row])
    sys.exit(any(row[name] for name in ("lost", "twice", "differing", "misread")))
