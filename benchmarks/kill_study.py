"""Does a study survive being killed? ``python -m benchmarks.kill_study 100`` kills a sweep so many times, and looks.

A sweep of tiny cells runs once undisturbed. Then the same sweep runs in a folder of its own and is killed (SIGKILL) at
moments drawn from a seed: some while it starts, the others a moment after a run was committed; each kill is followed by
the same command. In the end the export must be that of the undisturbed sweep byte for byte, ``seconds`` apart; whatever
was committed before a kill must still be there; and no run may have begun once it was committed.
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
import time
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.table import print_csv

PROGRAM = [sys.executable, "-c", "from aspis_sim_cli.app import main; main()"]
SWEEP = (
    "sweep --q 1..7 --scheme detox,median,average --payload alie,constant,reversed --seeds 0..9 --lr 0.03,0.1 "
    "--model softmax --steps 200 --quiet --format csv"
)
STARTING = 0.3
"""Share of the kills that are meant for a process that is starting."""

ATTENTION = 0.01
"""Seconds between two looks at the study's log."""


def run(kills: int = 100, seed: int = 0, words: str = SWEEP) -> list[dict[str, Any]]:
    """Kill and resume a sweep; one row: what was counted, of which ``lost``, ``twice`` and ``differing`` must be 0.

    ``cut_short``: runs that a kill ended before they were committed. ``lost``: committed runs that were not there after
    a kill, or runs that were begun and never committed. ``twice``: runs that began after they were committed.
    ``differing``: rows of the export that differ from the undisturbed one's.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environment = {**os.environ, "ASPIS_CACHE_DIR": str(place / "cache")}
        whole, broken = place / "whole", place / "broken"
        started = time.perf_counter()
        _ended(words, whole, environment)
        undisturbed = time.perf_counter() - started
        draws = random.Random(seed)
        done = lost = 0
        before: list[tuple[str, str]] = []
        while done < kills:
            process = _start(words, broken, environment)
            killed = _kill(process, broken, len(before), draws)
            log = _log(broken)
            lost += sum(old != new for old, new in zip_longest(before, log[: len(before)]))
            before = log
            done += killed
            if not killed:
                break
        _ended(words, broken, environment)
        log = _log(broken)
        begun = [key for key, event in log if event == "begun"]
        committed = {key for key, event in log if event == "committed"}
        expected, found = (_exported(study, environment) for study in (whole, broken))
        figures = {
            "kills": done,
            "cells": len(expected) - 1,
            "runs": len(committed),
            "cut_short": len(begun) - len(set(begun)),
            "lost": lost + len(set(begun) - committed),
            "twice": _twice(log),
            "differing": sum(one != other for one, other in zip_longest(expected, found)),
        }
        return [{**figures, "undisturbed_seconds": round(undisturbed, 1), **machine()}]


def _ended(words: str, study: Path, environment: dict[str, str]) -> None:
    code = _start(words, study, environment).wait()
    if code:
        raise RuntimeError(f"the sweep ended with exit code {code}: aspis-sim {words} --study {study}")


def _start(words: str, study: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [*PROGRAM, *words.split(), "--study", str(study)], stdout=quiet, stderr=quiet, env=environment
    )


def _kill(process: "subprocess.Popen[bytes]", study: Path, known: int, draws: random.Random) -> bool:
    """Kill a sweep at a moment of chance; False if it had ended by then."""
    if draws.random() < STARTING:
        end = time.monotonic() + draws.uniform(0, 5)
        while process.poll() is None and time.monotonic() < end:
            time.sleep(ATTENTION)
    else:
        while process.poll() is None and not any(event == "committed" for _, event in _log(study)[known:]):
            time.sleep(ATTENTION)
        time.sleep(draws.uniform(0, 0.3))
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _log(study: Path) -> list[tuple[str, str]]:
    path = study / "study.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute("SELECT key, event FROM log ORDER BY id").fetchall()
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


def _exported(study: Path, environment: dict[str, str]) -> list[list[str]]:
    """The fields of the export as they are written, without the seconds."""
    words = [*PROGRAM, "export", str(study), "--format", "csv"]
    text = subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout
    header, *rows = csv.reader(io.StringIO(text))
    own = header.index("seconds")
    return [row[:own] + row[own + 1 :] for row in (header, *rows)]


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    (row,) = run(**dict(zip(("kills", "seed"), numbers, strict=False)))  # type: ignore[arg-type]
    print_csv([row])
    sys.exit(any(row[name] for name in ("lost", "twice", "differing")))
