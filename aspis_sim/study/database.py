"""The file under a study: SQLite in write-ahead mode, its tables, and what can be wrong with it in plain words."""

import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aspis_sim.errors import DataError
from aspis_sim.files import beside
from aspis_sim.printable import printable
from aspis_sim.study import checksums

NAME = "study.db"
FORMAT = 3
"""Of the tables; a study of a newer one is refused."""

FORMER = 2
"""The format before, without checksums: it can be read, and becomes `FORMAT` when it is opened for writing."""

PATIENCE = 60.0
"""Seconds to wait for another process that is writing; a transaction takes milliseconds."""

TABLES = """
CREATE TABLE study (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE grids (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, specification TEXT NOT NULL, added TEXT NOT NULL
);
CREATE TABLE commands (id INTEGER PRIMARY KEY, grid INTEGER NOT NULL, words TEXT NOT NULL, UNIQUE (grid, words));
CREATE TABLE groups (digest TEXT PRIMARY KEY, cell TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE members (grid INTEGER, position INTEGER, digest TEXT NOT NULL, PRIMARY KEY (grid, position)) WITHOUT ROWID;
CREATE TABLE origins (id INTEGER PRIMARY KEY, code TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (code, data));
CREATE TABLE machines (
    id INTEGER PRIMARY KEY, versions TEXT NOT NULL, device TEXT NOT NULL, host TEXT NOT NULL,
    UNIQUE (versions, device, host)
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, lr REAL NOT NULL,
    seed TEXT NOT NULL, origin INTEGER NOT NULL, machine INTEGER NOT NULL, failed INTEGER NOT NULL,
    validation_top1 REAL, validation_loss REAL, seconds REAL NOT NULL, finished TEXT NOT NULL
);
CREATE TABLE results (run INTEGER PRIMARY KEY, row TEXT NOT NULL);
CREATE TABLE traces (run INTEGER PRIMARY KEY, arrays TEXT NOT NULL, packed BLOB NOT NULL, curve TEXT NOT NULL);
CREATE TABLE claims (key TEXT PRIMARY KEY, host TEXT NOT NULL, process TEXT NOT NULL, beat REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE log (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL);
"""
"""``groups`` holds cells without rate and seed; ``runs`` one line a run, its row and trace apart so that it is quick to
read; ``log`` is only ever added to: a line whenever a run is begun, committed or found to have failed."""


def exists(folder: Path) -> bool:
    """Whether there is a study in a folder, damaged or not."""
    try:
        return (folder / NAME).exists()
    except OSError:
        return False


def create(folder: Path) -> sqlite3.Connection:
    """Make the database of a new study: under another name first, so that it is there whole or not at all.

    Raises:
        DataError: there is one already, or the folder cannot be written.
    """
    path, made = folder / NAME, None
    taken = DataError(f"{printable(folder)} holds a study already; open it, or name another folder")
    if exists(folder):
        raise taken
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, made = beside(path)
        os.close(descriptor)
        with explained(folder), closing(sqlite3.connect(made, isolation_level=None)) as connection:
            tables(connection)
        os.link(made, path)
    except (OSError, ValueError) as error:
        if exists(folder):
            raise taken from None
        reason = getattr(error, "strerror", None) or error
        if made is not None and getattr(error, "errno", None) in NO_LINKS:
            reason = "its file system has no hard links (a network folder, or FAT?); name a folder on a local disk"
        raise DataError(f"cannot make a study in {printable(folder)}: {reason}") from None
    finally:
        if made is not None:
            os.unlink(made)
    return open_existing(folder, write=True)


def in_memory() -> sqlite3.Connection:
    """A database that ends with the process."""
    return tables(sqlite3.connect(":memory:", isolation_level=None))


def tables(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Give an empty database its tables, all at once."""
    with transaction(connection):
        for statement in (*TABLES.split(";"), *checksums.TABLES.split(";")):
            connection.execute(statement)
        connection.execute("INSERT INTO study VALUES ('format', ?), ('created', ?)", (str(FORMAT), now()))
    return connection


def open_existing(folder: Path, write: bool) -> sqlite3.Connection:
    """Open the database of a study; what is no study, or a damaged one, is left as it is.

    Raises:
        DataError: there is no study, it is damaged, of a newer format, or cannot be written.
    """
    path = folder / NAME
    with explained(folder):
        try:
            size = path.stat().st_size
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError | ValueError)
            reason = f"there is no {NAME} in it" if missing else getattr(error, "strerror", error)
            raise DataError(f"{printable(folder)} is no study: {reason}") from None
        if not size:
            raise DataError(f"the study {printable(folder)} is damaged: {NAME} is empty; {KEPT}")
        connection = _connect(location(folder))
        try:
            found = _check_format(connection, folder)
            if write:
                connection.close()
                connection = _connect_to_write(path)
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE study SET value = value")
                connection.execute("ROLLBACK")
                if found == FORMER:
                    _take_over(connection)
            elif found == FORMER:
                for statement in checksums.TABLES.split(";"):
                    connection.execute(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"))
        except BaseException:
            connection.close()
            raise
    return connection


def location(folder: Path) -> str:
    """Of a study's database as SQLite takes it, to read only; also where nothing can be written beside it."""
    path = folder / NAME
    reading = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(reading, uri=True, timeout=PATIENCE)) as connection:
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            log = path.with_name(f"{NAME}-wal")
            unwritable = "unable to open" in str(error) or "readonly" in str(error)
            if not unwritable or (log.exists() and log.stat().st_size):
                raise
            return f"{reading}&immutable=1"
    return reading


def _connect(place: str) -> sqlite3.Connection:
    return sqlite3.connect(place, uri=True, timeout=PATIENCE, isolation_level=None)


def _connect_to_write(path: Path) -> sqlite3.Connection:
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def format_of(connection: sqlite3.Connection) -> int:
    """The format of a study that is open: `FORMAT` or, read only, `FORMER`."""
    return int(connection.execute("SELECT value FROM study WHERE name = 'format'").fetchone()[0])


def _check_format(connection: sqlite3.Connection, folder: Path) -> int:
    try:
        found = dict(connection.execute("SELECT name, value FROM study"))
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        raise DataError(f"{printable(folder)} is no study: its {NAME} was made by something else") from None
    if found.get("format") not in (str(FORMAT), str(FORMER)):
        raise DataError(
            f"the study {printable(folder)} has format {printable(found.get('format'))}, this program knows {FORMAT}; "
            "take the aspis-sim that made it, or a newer one"
        )
    if ("run_checksums" in tables) != (found["format"] == str(FORMAT)):
        raise checksums.Damage(f"its format is said to be {found['format']}, which does not go with its tables")
    return int(found["format"])


def _take_over(connection: sqlite3.Connection) -> None:
    """Give a study of the former format checksums of what it holds, all at once."""
    with transaction(connection):
        if format_of(connection) == FORMER:  # no other process did it in the meantime
            for statement in checksums.TABLES.split(";"):
                connection.execute(statement)
            checksums.note_missing(connection, late=True)
            connection.execute("UPDATE study SET value = ? WHERE name = 'format'", (str(FORMAT),))


KEPT = "nothing was changed; restore it from a copy, or name another folder"
"""What to do about a study that is damaged."""


NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What ``link`` fails with where the file system has no hard links."""

LOCKS = (
    "PROTOCOL",
    "NOLFS",
    *(f"IOERR_{name}" for name in ("LOCK", "RDLOCK", "UNLOCK", "SHMOPEN", "SHMLOCK", "SHMMAP")),
)
"""What SQLite fails with where locks or shared memory do not work."""

ROOM = 1 << 20
"""Bytes; with fewer left on the disk, an error of writing is one of a full disk."""


@contextmanager
def explained(folder: Path | None) -> Iterator[None]:
    """Turn what SQLite says of this study, and damage that is found in it, into one `DataError`."""
    study = "in memory" if folder is None else printable(folder)
    try:
        yield
    except checksums.Damage as error:
        raise DataError(f"the study {study} is damaged: {printable(error)}; {KEPT}") from None
    except MemoryError:
        raise DataError(_explanation("SQLITE_NOMEM", "out of memory", study, folder)) from None
    except (sqlite3.Error, UnicodeDecodeError) as error:
        name = getattr(error, "sqlite_errorname", "")
        raise DataError(_explanation(name, printable(error), study, folder)) from None


def _explanation(name: str, reason: str, study: str, folder: Path | None) -> str:
    if name == "SQLITE_FULL" or "is full" in reason or (name.startswith("SQLITE_IOERR") and _is_full(folder)):
        return f"no space left for the study {study}: all cells that were committed are kept; make room, then go on"
    if name.removeprefix("SQLITE_") in LOCKS or "locking protocol" in reason:
        return (
            f"the study {study} lies where file locks do not work ({reason}), as in some network folders: move it to a "
            "local disk; what was committed is kept"
        )
    if name.startswith(("SQLITE_NOMEM", "SQLITE_IOERR_NOMEM")) or "out of memory" in reason:
        return f"no memory left for the study {study}: what was committed is kept; free some, then go on"
    if name.startswith("SQLITE_INTERRUPT") or reason == "interrupted":
        return f"the study {study} was interrupted: what was committed is kept; run the command again"
    if "readonly" in reason or "unable to open" in reason:
        return f"the study {study} cannot be written here ({reason}); copy it to a folder that can"
    if "locked" in reason or "busy" in reason:
        return f"the study {study} is held by another program for more than {PATIENCE:.0f} seconds; try again"
    if "disk I/O" in reason:
        return f"the study {study} cannot be read or written ({reason}): what was committed is kept; look at the disk"
    return f"the study {study} is damaged ({reason}); {KEPT}"


def _is_full(folder: Path | None) -> bool:
    try:
        return folder is not None and shutil.disk_usage(folder).free < ROOM
    except OSError:
        return False


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read within is of one moment, whatever others commit; within a transaction it is that one's."""
    within = connection.in_transaction
    if not within:
        connection.execute("BEGIN")
    try:
        yield
    finally:
        if not within and connection.in_transaction:
            connection.execute("ROLLBACK")  # nothing was written, and a damaged file lets nothing be committed


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, with no other writer in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def now() -> str:
    """The time in UTC, ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
