"""Who is at which run: so that several processes share a study without doing a cell twice.

A claim is a line in the study's database that names its owner. On the owner's own machine it holds as long as that
process lives, however busy it is; elsewhere as long as the owner has shown a sign of life in the last two minutes.
"""

import os
import platform
import secrets
import sqlite3
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aspis_sim.study import database
from aspis_sim.study.checksums import UNREADABLE, unreadable

BEAT = 10.0
"""Seconds between two signs of life."""

SILENCE = 120.0
"""Seconds without one after which an owner on another machine counts as dead."""


@dataclass(frozen=True)
class Owner:
    """A process that claims runs.

    Attributes:
        host: the machine, and on it the space in which process numbers mean something.
        process: number and start of the process, and a word of its own for each owner within one process.
    """

    host: str
    process: str


def myself() -> Owner:
    """A new owner in this process."""
    return Owner(_host(), f"{os.getpid()} {_started(os.getpid())} {secrets.token_hex(4)}")


def take(connection: sqlite3.Connection, key: str, owner: Owner) -> bool:
    """Claim a run within a transaction; False if a living owner has it, be it this one.

    Raises:
        Damage: the claim that is there cannot be read.
    """
    found = connection.execute("SELECT host, process, beat FROM claims WHERE key = ?", (key,)).fetchone()
    try:
        if found is not None and alive(Owner(found[0], found[1]), found[2]):
            return False
    except UNREADABLE as error:
        raise unreadable("claim of run", key, error) from None
    values = (key, owner.host, owner.process, time.time())
    connection.execute("INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?)", values)
    return True


def beat(connection: sqlite3.Connection, owner: Owner) -> None:
    """Give a sign of life."""
    with database.transaction(connection):
        query = "UPDATE claims SET beat = ? WHERE host = ? AND process = ?"
        connection.execute(query, (time.time(), owner.host, owner.process))


def release(connection: sqlite3.Connection, owner: Owner) -> None:
    """Give back all that an owner has claimed."""
    with database.transaction(connection):
        connection.execute("DELETE FROM claims WHERE host = ? AND process = ?", (owner.host, owner.process))


def give_up(owner: Owner) -> None:
    """Let an owner of this process count as dead from now on, where its claims cannot be given back."""
    _gone.add(owner)


_gone: set[Owner] = set()


def alive(owner: Owner, beat: float) -> bool:
    """Whether an owner that last gave a sign of life at this time (seconds since 1970) may still be at work."""
    if owner in _gone:
        return False
    if owner.host != _host():
        return abs(time.time() - beat) < SILENCE
    number, started, _ = owner.process.split(" ")
    return _started(int(number)) == started != ""


@cache
def _host() -> str:
    try:
        space = os.readlink("/proc/self/ns/pid")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        space = boot = ""
    return f"{platform.node()} {boot} {space}"


def _started(process: int) -> str:
    """When a process began, in the kernel's own unit; "?" where that cannot be told, empty if there is none."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = told.rpartition(")")[2].split()
        return "" if state in "ZX" else rest[18]
    except FileNotFoundError:
        pass
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "" if Path("/proc/self").exists() else "?"
