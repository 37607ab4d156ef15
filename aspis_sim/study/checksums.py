"""Checksums of what a study keeps, held apart from it: a bit that has changed anywhere is seen when it is read.

Each run has three, of its line, its row and its trace; each group of cells, origin, machine and grid has one. They
cover the keys under which the contents are found, so that what is read in the place of something else is refused, too;
and a line that is missing leaves its checksum behind.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

TABLES = """
CREATE TABLE run_checksums (
    run INTEGER PRIMARY KEY, line INTEGER NOT NULL, result INTEGER NOT NULL, trace INTEGER NOT NULL,
    late INTEGER NOT NULL
);
CREATE TABLE checksums (
    kind TEXT, of, checksum INTEGER NOT NULL, PRIMARY KEY (kind, of)
) WITHOUT ROWID
"""
"""``late``: whether the checksums of a run were taken only when the study was taken over from an earlier format."""

LINE = "id, key, digest, lr, seed, origin, machine, failed, validation_top1, validation_loss, seconds, finished"
"""Columns that a run's line has, in the order in which they are summed."""

KINDS = {
    "group": ("groups", "digest, cell"),
    "origin": ("origins", "id, code, data"),
    "machine": ("machines", "id, versions, device, host"),
}
"""Tables whose lines have one checksum each: their columns, of which the first is what they are found by."""

LONG = 100
"""Characters; longer texts are summed as they are, shorter ones in Python's spelling."""

UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""What reading a malformed value may raise."""


class Damage(Exception):
    """Something stored is not what was written; the text names it."""


class StoredGrid(NamedTuple):
    """What is stored of a grid, in the order in which it is summed: members are the digests of its groups."""

    id: int
    digest: str
    specification: str
    added: str
    commands: tuple[str, ...]
    members: tuple[str, ...]


def checksum(*content: object) -> int:
    """The first 63 bits of BLAKE2b over values and their types."""
    total = hashlib.blake2b(digest_size=8)
    short: list[object] = []
    for part in content:
        if isinstance(part, str | bytes) and len(part) > LONG:
            short.append((type(part).__name__, len(part)))
            total.update(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))
        else:
            short.append(part)
    total.update(repr(short).encode())
    return int.from_bytes(total.digest(), "big") >> 1


def fault(found: object, checked: bool, *content: object) -> str:
    """What is wrong with a content, empty if nothing is.

    Args:
        found: its stored checksum, None if there is none.
        checked: whether there must be one.
        content: as it was read.
    """
    if found is None:
        return "has no checksum" if checked else ""
    return "" if found == checksum(*content) else "is not what was written (its checksum differs)"


def ensure(what: str, name: object, *checks: object) -> None:
    """Refuse what `fault` refuses.

    Args:
        what: stored, with the ``name`` it is found by.
        checks: arguments of `fault`.

    Raises:
        Damage: there is a fault.
    """
    if problem := fault(*checks):  # type: ignore[arg-type]
        raise Damage(f"{called(what, name)} {problem}")


def called(what: str, name: object) -> str:
    """How messages call something stored: keys by their first 16 digits."""
    return f"the {what} {str(name)[:16]}"


def unreadable(what: str, name: object, error: Exception) -> Damage:
    """What a malformed value is refused with."""
    return Damage(f"{called(what, name)} cannot be read ({type(error).__name__}: {str(error)[:80]})")


def lines(connection: sqlite3.Connection, kind: str) -> Iterator[tuple[tuple[Any, ...], int | None]]:
    """The lines of one of `KINDS`, each with its stored checksum.

    Raises:
        Damage: a line is missing.
    """
    table, columns = KINDS[kind]
    sums = _sums(connection, kind)
    for values in connection.execute(f"SELECT {columns} FROM {table}"):
        yield values, sums.pop(values[0], None)
    _refuse_leftover(kind, sums)


def _sums(connection: sqlite3.Connection, kind: str) -> dict[Any, int]:
    return dict(connection.execute("SELECT of, checksum FROM checksums WHERE kind = ?", (kind,)))


def _refuse_leftover(kind: str, sums: dict[Any, int]) -> None:
    for of in sums:
        raise Damage(f"{called(kind, of)} is missing")


def grids(connection: sqlite3.Connection) -> Iterator[tuple[StoredGrid, int | None]]:
    """The grids with their stored checksums, in order.

    Raises:
        Damage: a grid is missing.
    """
    commands: dict[int, list[str]] = {}
    for grid, words in connection.execute("SELECT grid, words FROM commands ORDER BY id"):
        commands.setdefault(grid, []).append(words)
    sums = _sums(connection, "grid")
    rows = connection.execute("SELECT id, digest, specification, added FROM grids ORDER BY id")
    for number, digest, specification, added in rows:
        query = "SELECT digest FROM members WHERE grid = ? ORDER BY position"
        members = tuple(digest for (digest,) in connection.execute(query, (number,)))
        words = tuple(commands.get(number, ()))
        yield StoredGrid(number, digest, specification, added, words, members), sums.pop(number, None)
    _refuse_leftover("grid", sums)


def run_lines(connection: sqlite3.Connection) -> Iterator[tuple[tuple[Any, ...], int | None]]:
    """The lines of all runs (`LINE`) with their stored checksums, in order.

    Raises:
        Damage: a run is missing or stands twice.
    """
    last, count = None, 0
    query = f"SELECT {LINE}, line FROM runs LEFT JOIN run_checksums ON run = id ORDER BY id"
    for *values, found in connection.execute(query):
        if last is not None and not values[0] > last:
            raise Damage(f"{called('run', values[1])} stands twice")
        last = values[0]
        count += found is not None
        yield tuple(values), found
    (kept,) = connection.execute("SELECT count(*) FROM run_checksums").fetchone()
    if kept > count:
        raise Damage(f"{kept - count} runs are missing")


def note(connection: sqlite3.Connection, kind: str, of: object, *content: object) -> None:
    """Within a transaction, keep the checksum of what is new; one that is there already stays."""
    values = (kind, of, checksum(*content))
    connection.execute("INSERT OR IGNORE INTO checksums VALUES (?, ?, ?)", values)


def note_grid(connection: sqlite3.Connection, number: int) -> None:
    """Within a transaction, keep the checksum of a grid as it is now."""
    connection.execute("DELETE FROM checksums WHERE kind = 'grid' AND of = ?", (number,))
    for grid, _ in grids(connection):
        if grid.id == number:
            note(connection, "grid", number, *grid)


def note_run(
    connection: sqlite3.Connection, line: tuple[Any, ...], row: str, trace: tuple[Any, ...], late: bool = False
) -> None:
    """Within a transaction, keep the checksums of a run.

    Args:
        line: as `LINE` reads it.
        row: its text.
        trace: heads, contents and curve.
        late: see `TABLES`.
    """
    key = line[1]
    values = (line[0], checksum(*line), checksum(key, row), checksum(key, *trace), int(late))
    connection.execute("INSERT INTO run_checksums VALUES (?, ?, ?, ?, ?)", values)


def note_missing(connection: sqlite3.Connection, late: bool) -> None:
    """Within a transaction, take the checksums of all that has none, as it is now."""
    for kind in KINDS:
        for values, found in list(lines(connection, kind)):
            if found is None:
                note(connection, kind, values[0], *values)
    for grid, found in list(grids(connection)):
        if found is None:
            note(connection, "grid", grid.id, *grid)
    query = (
        f"SELECT row, arrays, packed, curve, {LINE} FROM runs JOIN results ON results.run = id "
        "JOIN traces ON traces.run = id WHERE id NOT IN (SELECT run FROM run_checksums) ORDER BY id"
    )
    for row, *values in connection.execute(query):
        note_run(connection, tuple(values[3:]), row, tuple(values[:3]), late)


def damages(connection: sqlite3.Connection, checked: bool) -> Iterator[str]:
    """What in a study is not what was written, in words.

    Args:
        connection: to its database.
        checked: whether everything must have a checksum.
    """
    for part in (_pages, _grids, _lines, _runs):
        try:
            yield from part(connection, checked)
        except (Damage, sqlite3.Error) as error:
            yield str(error)


def _pages(connection: sqlite3.Connection, checked: bool) -> Iterator[str]:
    for (problem,) in connection.execute("PRAGMA integrity_check(20)"):
        if problem != "ok":
            yield f"the database itself: {problem}"


def _grids(connection: sqlite3.Connection, checked: bool) -> Iterator[str]:
    for grid, kept in grids(connection):
        if problem := fault(kept, checked, *grid):
            yield f"{called('grid', grid.id)} {problem}"


def _lines(connection: sqlite3.Connection, checked: bool) -> Iterator[str]:
    for kind in KINDS:
        for values, kept in lines(connection, kind):
            if problem := fault(kept, checked, *values):
                yield f"{called(kind, values[0])} {problem}"


def _runs(connection: sqlite3.Connection, checked: bool) -> Iterator[str]:
    for line, kept in run_lines(connection):
        if problem := fault(kept, checked, *line):
            yield f"{called('run', line[1])} {problem}"
    query = (
        "SELECT key, row, result, arrays, packed, curve, trace FROM runs LEFT JOIN results ON results.run = id "
        "LEFT JOIN traces ON traces.run = id LEFT JOIN run_checksums AS sums ON sums.run = id ORDER BY id"
    )
    for key, row, kept, *trace, kept_of_trace in connection.execute(query):
        for what, found, content in (("row", kept, [row]), ("trace", kept_of_trace, trace)):
            if problem := fault(found, checked, key, *content):
                yield f"{called(f'{what} of run', key)} {problem}"
