"""What a study holds, read back as rows, runs and traces in the order of its grids; its checksums are verified."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from aspis_sim.errors import DataError
from aspis_sim.printable import printable
from aspis_sim.run.machine import Machine
from aspis_sim.run.rate import chosen
from aspis_sim.run.row import Row
from aspis_sim.spec.cell import Cell
from aspis_sim.study import database
from aspis_sim.study.asked import Asked
from aspis_sim.study.checksums import (
    LINE,
    UNREADABLE,
    Damage,
    called,
    damages,
    ensure,
    lines,
    run_lines,
    unreadable,
)  # fmt: skip
from aspis_sim.study.fingerprint import Origin, cell_of
from aspis_sim.study.records import Known, Place, StoredRun, StoredTrace, columns_of, row_of, trace_of


class Contents:
    """The contents of an open study.

    Attributes:
        folder: where it lies, None for one in memory.
        connection: to its database.
        asked: its grids.
        checked: whether everything in it has a checksum; not so in one of the former format that is only read.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path | None) -> None:
        self.connection = connection
        self.folder = folder
        with self.reading():
            self.checked = database.format_of(connection) == database.FORMAT
        self.asked = Asked(connection, self.checked)

    def reading(self) -> AbstractContextManager[None]:
        """A context in which what SQLite has to say, and damage that is found, become one `DataError`."""
        return database.explained(self.folder)

    def _all(self, query: str, *values: object) -> list[Any]:
        with self.reading():
            return self.connection.execute(query, values).fetchall()

    def grids(self) -> list[dict[str, Any]]:
        """What was asked for, see `Asked.grids`."""
        with self.reading():
            return self.asked.grids()

    # What has run

    def known(self) -> list[Known]:
        """Every run that has ended, in the order in which they were committed.

        Raises:
            DataError: the line of one is not what was written, or is missing.
        """
        found = []
        with self.reading(), database.snapshot(self.connection):
            for line, kept in run_lines(self.connection):
                ensure("run", line[1], kept, self.checked, *line)
                found.append(Known.read(line))
        return found

    def known_by(self, key: str) -> Known | None:
        """The run of this key, None if it has not ended."""
        query = f"SELECT line, {LINE} FROM runs LEFT JOIN run_checksums ON run = id WHERE key = ?"
        with self.reading():
            for kept, *line in self.connection.execute(query, (key,)):
                ensure("run", key, kept, self.checked, line[0], key, *line[2:])
                return Known.read(line)
        return None

    def log(self) -> list[tuple[str, str, str]]:
        """Key, event ("begun", "committed" or "failed") and time of all that ever happened to runs, in order."""
        return self._all("SELECT key, event, at FROM log ORDER BY id")

    # What came of it

    def places(self, grids: Iterable[int] | None = None) -> list[Place]:
        """The cells of the tables that have a result, each once, in the order of the grids, their groups and seeds.

        In a group with several rates the cells are those of the rate that the first seed chose, once all have run.
        Of runs that differ in code or data only, the last one committed counts.

        Args:
            grids: their numbers; None for all.
        """
        runs: dict[str, dict[tuple[float, str], Known]] = {}
        found: dict[int, Place] = {}
        wanted = None if grids is None else set(grids)
        with self.reading(), database.snapshot(self.connection):
            for run in self.known():
                runs.setdefault(run.digest, {})[run.lr, run.seed] = run
            for number, (grid, members) in self.asked.members().items():
                if wanted is not None and number not in wanted:
                    continue
                try:
                    for digest in members:
                        for seed, run in _settled(runs.get(digest, {}), grid["lr"], grid["seed"]):
                            found.setdefault(run.id, Place(digest, seed, run.id, run.origin))
                except UNREADABLE as error:
                    raise unreadable("grid", number, error) from None
        return list(found.values())

    def rows(self, grids: Iterable[int] | None = None) -> list[Row]:
        """The rows of the tables, as `places` orders them."""
        return [row for _, row in self.placed_rows(grids)]

    def placed_rows(self, grids: Iterable[int] | None = None) -> Iterator[tuple[Place, Row]]:
        """The cells of the tables with their rows, as `places` orders them."""
        with self.reading(), database.snapshot(self.connection):
            places = self.places(grids)
            query = "SELECT id, key, row, result FROM results JOIN runs ON runs.id = results.run"
            texts = {run: rest for run, *rest in self._all(f"{query} LEFT JOIN run_checksums AS sums ON sums.run = id")}
            specifications = self._by_number("group")
        columns: dict[str, dict[str, Any]] = {}
        with self.reading():
            for place in places:
                yield place, self._row(place, texts, specifications, columns)

    def _row(
        self,
        place: Place,
        texts: Mapping[int, Sequence[Any]],
        specifications: Mapping[Any, Sequence[Any]],
        columns: dict[str, dict[str, Any]],
    ) -> Row:
        """The row of a place; columns of its group are kept."""
        if place.run not in texts or place.digest not in specifications:
            raise Damage(f"the row of run number {place.run}, or what ran, is missing")
        key, text, kept = texts[place.run]
        ensure("row of run", key, kept, self.checked, key, text)
        try:
            if place.digest not in columns:
                columns[place.digest] = columns_of(json.loads(specifications[place.digest][0]))
            return row_of(text, columns[place.digest])
        except UNREADABLE as error:
            raise unreadable("row of run", key, error) from None

    def runs(self) -> list[StoredRun]:
        """The runs of the tables, as `places` orders them, without cells and traces."""
        made = []
        with self.reading(), database.snapshot(self.connection):
            origins = self.origins()
            machines = {number: _machine(number, *one) for number, one in self._by_number("machine").items()}
            told = {line[0]: line for line, _ in run_lines(self.connection)}
            for place, row in self.placed_rows():
                _, key, *_, seconds, finished = line = told[place.run]
                if line[6] not in machines or place.origin not in origins:
                    raise Damage(f"machine or origin of {called('run', key)} is missing")
                made.append(StoredRun(row, key, machines[line[6]], origins[place.origin], seconds, finished))
        return made

    def origins(self) -> dict[int, Origin]:
        """Number -> version of the code and checksum of the data, of all runs that have ended."""
        with self.reading():
            return {number: Origin(*one) for number, one in self._by_number("origin").items()}

    def _by_number(self, kind: str) -> dict[Any, tuple[Any, ...]]:
        """What one of `KINDS` has by what it is found by."""
        found = {}
        for values, kept in lines(self.connection, kind):
            ensure(kind, values[0], kept, self.checked, *values)
            found[values[0]] = values[1:]
        return found

    def trace(self, key: str) -> StoredTrace:
        """The steps of a run.

        Raises:
            DataError: there is no such run, or its trace is damaged.
        """
        columns = "trace, arrays, packed, curve"
        joined = "traces JOIN runs ON traces.run = id LEFT JOIN run_checksums AS sums ON sums.run = id"
        with self.reading():
            kept, *content = self._one(f"SELECT {columns} FROM {joined} WHERE key = ?", key)
            ensure("trace of run", key, kept, self.checked, key, *content)
            try:
                return trace_of(*content)
            except (DataError, *UNREADABLE) as error:
                raise unreadable("trace of run", key, error) from None

    def row(self, key: str) -> Row:
        """The row of a run.

        Raises:
            DataError: there is no such run, or its row is damaged.
        """
        query = "SELECT id, row, result FROM results JOIN runs ON runs.id = results.run"
        with self.reading():
            number, *text = self._one(f"{query} LEFT JOIN run_checksums AS sums ON sums.run = id WHERE key = ?", key)
            run, specification = self._specified(key)
            place = Place(run.digest, int(run.seed), number, run.origin)
            return self._row(place, {number: (key, *text)}, {run.digest: (specification,)}, {})

    def cell(self, key: str) -> Cell:
        """The specification of a run.

        Raises:
            DataError: there is no such run, or what is stored of it is damaged.
        """
        with self.reading():
            run, specification = self._specified(key)
            try:
                return cell_of(specification, run.lr, int(run.seed))
            except UNREADABLE as error:
                raise unreadable("cell of run", key, error) from None

    def _specified(self, key: str) -> tuple[Known, str]:
        run = self.known_by(key)
        if run is None:
            raise DataError(f"the study {printable(self.folder)} has no run {printable(key)[:64]}")
        query = (
            "SELECT checksum, digest, cell FROM groups LEFT JOIN checksums ON kind = 'group' AND of = digest "
            "WHERE digest = ?"
        )
        for kept, *group in self._all(query, run.digest):
            ensure("group", run.digest, kept, self.checked, *group)
            return run, group[1]
        raise Damage(f"{called('group', run.digest)} is missing")

    # Whether all of it is whole

    def verify(self) -> None:
        """Verify every checksum, and read all that has none.

        Raises:
            DataError: something is not what was written; the first such is named.
        """
        with self.reading():
            for problem in self.damages():
                raise Damage(problem)

    def damages(self) -> Iterator[str]:
        """What is not what was written, or cannot be read: each in words; nothing if all is whole."""
        with database.snapshot(self.connection):
            yield from damages(self.connection, self.checked)
            for key in () if self.checked else [run.key for run in self.known()]:
                for read in (self.row, self.trace, self.cell):
                    try:
                        read(key)
                    except DataError as error:
                        yield str(error)

    def counted(self) -> tuple[int, int]:
        """How many runs there are, and how many of them got their checksums late (see `checksums.TABLES`)."""
        ((runs,),), ((late,),) = (
            self._all(f"SELECT count(*) FROM {what}") for what in ("runs", "run_checksums WHERE late")
        )
        return runs, late

    def _one(self, query: str, key: str) -> Any:
        found = self._all(query, key)
        if not found:
            raise DataError(f"the study {printable(self.folder)} has no run {printable(key)[:64]}")
        return found[0]


def _machine(number: int, versions: str, device: str, host: str) -> Machine:
    try:
        return Machine(dict(json.loads(versions)), device, host)
    except UNREADABLE as error:
        raise unreadable("machine", number, error) from None


def _settled(
    runs: Mapping[tuple[float, str], Known], rates: Iterable[float], seeds: Iterable[int]
) -> Iterator[tuple[int, Known]]:
    """The runs of a group that are cells of a table: of the chosen rate, once it is chosen."""
    seeds = tuple(seeds)
    first = {rate: runs.get((rate, str(seeds[0]))) for rate in rates}
    tried = {rate: run.validation for rate, run in first.items() if run is not None}
    if len(tried) < len(first):
        return
    rate = chosen(tried)
    for seed in seeds:
        if (run := runs.get((rate, str(seed)))) is not None:
            yield seed, run
