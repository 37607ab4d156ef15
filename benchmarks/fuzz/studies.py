"""Studies whose database was damaged: in its bytes, or by statements that leave it a sound database."""

import random
import sqlite3
from contextlib import closing, suppress

from benchmarks.fuzz import hostile
from benchmarks.fuzz.ground import Ground
from benchmarks.fuzz.inputs import Input

PATH = "study/study.db"
COMMANDS = (
    "export study --format csv",
    "export study --format json",
    "export study --format markdown",
    "report study --out page.html",
    "verify study --stored",
    "compare study --by scheme=aspis,median",
    "compare study ../given/study",
    "plot accuracy study --out figure.svg",
    "merge study --into whole",
    "merge ../given/study --into study",
    "sweep --dry-run --study study",
    "sweep --dry-run --study study --add-seeds 1",
)
VALUES: tuple[object, ...] = (
    *(None, 0, -1, 1, 2**62, 1.5, float("inf"), "", "x", "{}", "[]", "null", '{"a": 1}', b"", b"\x00" * 8, "\x1b[2J"),
    *("[" * 5000, "9" * 5000, "nan", "é", b"\xff\xfe", "1e999", '{"q": "1e999999999"}'),
    *("\ud800".encode("utf-8", "surrogatepass")),
)


def draw(draws: random.Random, ground: Ground) -> Input:
    """A command that reads a study, and the study."""
    content = ground.study
    if draws.random() < 0.4:
        content = _restated(draws, ground)
    if content is ground.study or draws.random() < 0.2:
        content = hostile.changed(draws, content)
    files = {PATH: content}
    if draws.random() < 0.05:
        files[f"{PATH}-wal"] = draws.choice((draws.randbytes(500), content[:4096], b""))
    return Input(tuple(draws.choice(COMMANDS).split()), files)


def _restated(draws: random.Random, ground: Ground) -> bytes:
    """The database after some statements that nobody should have made."""
    path = ground.folder / "edited.db"
    path.write_bytes(ground.study)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(draws.choice((1, 1, 2, 5))):
            table = draws.choice(tables)
            with suppress(sqlite3.Error):
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                if columns:
                    _restate(draws, database, table, draws.choice(columns))
    return path.read_bytes()


def _restate(draws: random.Random, database: sqlite3.Connection, table: str, column: str) -> None:
    way = draws.randrange(12)
    if way == 0:
        database.execute(f"DROP TABLE {table}")
    elif way == 1:
        database.execute(f"ALTER TABLE {table} RENAME COLUMN {column} TO other")
    elif way == 2:
        database.execute(f"DELETE FROM {table}")
    elif way == 3:
        database.execute(f"PRAGMA {draws.choice(('user_version', 'application_id'))} = {draws.choice((0, 1, 99, -1))}")
    elif way == 4:
        database.execute(f"ALTER TABLE {table} ADD COLUMN more")
    else:
        spot = f"(SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {draws.randrange(3)})"
        where = "" if way == 5 else f" WHERE rowid = {spot}"
        old = database.execute(f"SELECT {column} FROM {table}{where}").fetchone()
        value = draws.choice(VALUES)
        if old is not None and isinstance(old[0], str | bytes) and draws.random() < 0.6:
            bare = old[0].encode() if isinstance(old[0], str) else old[0]
            spoilt = hostile.changed(draws, bare)
            value = spoilt if isinstance(old[0], bytes) else spoilt.decode("utf-8", "replace")
        database.execute(f"UPDATE {table} SET {column} = ?{where}", (value,))
