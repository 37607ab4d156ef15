"""Several studies into one: runs that the study lacks are copied whole, runs that disagree are reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aspis_sim.run.row import COLUMNS, Row
from aspis_sim.study import database
from aspis_sim.study.checksums import note_missing
from aspis_sim.study.fingerprint import canonical
from aspis_sim.study.study import Study

COPY = (
    "INSERT OR IGNORE INTO groups SELECT * FROM other.groups",
    "INSERT OR IGNORE INTO origins (code, data) SELECT code, data FROM other.origins ORDER BY id",
    "INSERT OR IGNORE INTO machines (versions, device, host) SELECT versions, device, host FROM other.machines "
    "ORDER BY id",
    "CREATE TEMP TABLE copied AS SELECT theirs.id, theirs.key FROM other.runs AS theirs "
    "LEFT JOIN runs AS mine ON mine.key = theirs.key "
    "WHERE mine.id IS NULL OR (mine.failed AND NOT theirs.failed)",
    "DELETE FROM results WHERE run IN (SELECT id FROM runs WHERE key IN (SELECT key FROM copied))",
    "DELETE FROM traces WHERE run IN (SELECT id FROM runs WHERE key IN (SELECT key FROM copied))",
    "DELETE FROM run_checksums WHERE run IN (SELECT id FROM runs WHERE key IN (SELECT key FROM copied))",
    "DELETE FROM runs WHERE key IN (SELECT key FROM copied)",
    "INSERT INTO runs (key, digest, lr, seed, origin, machine, failed, validation_top1, validation_loss, seconds, "
    "finished) SELECT one.key, digest, lr, seed, origins.id, machines.id, failed, validation_top1, validation_loss, "
    "seconds, finished FROM other.runs AS one JOIN copied USING (id) "
    "JOIN other.origins AS origin ON origin.id = one.origin "
    "JOIN origins ON (origins.code, origins.data) = (origin.code, origin.data) "
    "JOIN other.machines AS machine ON machine.id = one.machine "
    "JOIN machines ON (machines.versions, machines.device, machines.host) "
    "= (machine.versions, machine.device, machine.host) ORDER BY one.id",
    "INSERT INTO results SELECT runs.id, row FROM other.results JOIN copied ON copied.id = run JOIN runs "
    "ON runs.key = copied.key",
    "INSERT INTO traces SELECT runs.id, arrays, packed, curve FROM other.traces JOIN copied ON copied.id = run "
    "JOIN runs ON runs.key = copied.key",
    "INSERT INTO log (key, event, at) SELECT key, event, at FROM other.log "
    "WHERE key IN (SELECT key FROM copied) ORDER BY id",
)

LATE = (
    "UPDATE run_checksums SET late = 1 WHERE run IN (SELECT runs.id FROM copied JOIN runs USING (key) "
    "JOIN other.run_checksums AS theirs ON theirs.run = copied.id WHERE theirs.late)"
)


@dataclass(frozen=True)
class Conflict:
    """A run that two studies hold with different results.

    Attributes:
        key: of the run.
        kept: the row that the target had, and keeps.
        refused: the row of the other study.
        columns: in which they differ, "trace" among them if the traces do.
    """

    key: str
    kept: Row
    refused: Row
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Merged:
    """What came of merging a study into another.

    Attributes:
        copied: runs that the target lacked, or had as failed.
        same: runs that both had, with the same results, or that failed in the other.
        conflicts: runs that both had, with different results.
    """

    copied: int
    same: int
    conflicts: tuple[Conflict, ...]


def merge(source: Path, into: Study) -> Merged:
    """Copy the grids and runs of a study into another, all of it in one transaction.

    Two runs are the same if their rows (``seconds`` apart) and traces are. A run that failed gives way to one that did
    not.

    Raises:
        DataError: one of them is no study or damaged, or the target cannot be written.
    """
    with Study.open(source) as theirs, into.reading(), _attached(into, source):
        connection = into.connection
        theirs.verify()
        with database.transaction(connection):
            into.known()
            shared = connection.execute(
                "SELECT theirs.key FROM other.runs AS theirs JOIN runs AS mine ON mine.key = theirs.key "
                "WHERE NOT theirs.failed AND NOT mine.failed ORDER BY theirs.id"
            ).fetchall()
            conflicts = [found for (key,) in shared if (found := _conflict(key, into, theirs)) is not None]
            for statement in COPY:
                connection.execute(statement)
            note_missing(connection, late=not theirs.checked)
            if theirs.checked:
                connection.execute(LATE)
            (copied,) = connection.execute("SELECT count(*) FROM copied").fetchone()
            (runs,) = connection.execute("SELECT count(*) FROM other.runs").fetchone()
            connection.execute("DROP TABLE copied")
            _copy_grids(theirs, into)
    return Merged(copied, runs - copied - len(conflicts), tuple(conflicts))


def _copy_grids(source: Study, into: Study) -> None:
    members = source.asked.members()
    for grid in source.grids():
        asked, groups = members[grid["id"]]
        into.asked.place(asked, canonical(grid["specification"]), groups, grid["commands"], grid["added"])


def _conflict(key: str, mine: Study, theirs: Study) -> Conflict | None:
    kept, refused = mine.row(key), theirs.row(key)
    # by their text, in which NaN equals NaN
    apart = [name for name in COLUMNS if name != "seconds" and repr(kept[name]) != repr(refused[name])]
    traces = [[(part.dtype.str, part.tobytes()) for part in store.trace(key)[:-1]] for store in (mine, theirs)]
    apart += ["trace"] if traces[0] != traces[1] else []
    return Conflict(key, kept, refused, tuple(apart)) if apart else None


@contextmanager
def _attached(into: Study, source: Path) -> Iterator[None]:
    into.connection.execute("ATTACH DATABASE ? AS other", (database.location(source),))
    try:
        yield
    finally:
        into.connection.execute("DETACH DATABASE other")
