"""A study's cells: committed whole, read back as rows, runs and traces in the order of its grids."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError
from aspis_sim.printable import printable
from aspis_sim.records import plain
from aspis_sim.run.machine import Machine
from aspis_sim.run.rate import chosen
from aspis_sim.run.row import Row
from aspis_sim.run.train import Result
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid
from aspis_sim.study import database
from aspis_sim.study.asked import Asked
from aspis_sim.study.fingerprint import Origin, canonical, cell_of, group_digest, group_specification, run_key
from aspis_sim.study.records import KNOWN, Known, Place, StoredRun, StoredTrace, columns_of, row_of, row_text
from aspis_sim.study.trace_codec import pack, unpack


class Study:
    """An open study; use it in one thread, and close it or leave its ``with`` block.

    Attributes:
        folder: where it lies, None for one in memory.
        connection: to its database.
        asked: its grids.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path | None) -> None:
        self.connection = connection
        self.folder = folder
        self.asked = Asked(connection)

    @classmethod
    def create(cls, folder: str | Path) -> Self:
        """Make an empty study.

        Raises:
            DataError: the folder holds one already, or cannot be written.
        """
        return cls(database.create(Path(folder)), Path(folder))

    @classmethod
    def open(cls, folder: str | Path, write: bool = False) -> Self:
        """Open a study; without ``write`` nothing in it changes.

        Raises:
            DataError: there is none, it is damaged or of a newer format, or cannot be written.
        """
        return cls(database.open_existing(Path(folder), write), Path(folder))

    @classmethod
    def open_or_create(cls, folder: str | Path) -> Self:
        """Open a study for writing, and make it first if there is none; several processes may do so at once.

        Raises:
            DataError: as `open` and `create`.
        """
        if not database.exists(Path(folder)):
            try:
                return cls.create(folder)
            except DataError:
                if not database.exists(Path(folder)):
                    raise
        return cls.open(folder, write=True)

    @classmethod
    def in_memory(cls) -> Self:
        """A study that ends with the process."""
        return cls(database.in_memory(), None)

    def close(self) -> None:
        """Let go of the files."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def reading(self) -> AbstractContextManager[None]:
        """A context in which what SQLite has to say becomes one `DataError`."""
        return database.explained(self.folder)

    def _all(self, query: str, *values: object) -> list[Any]:
        with self.reading():
            return self.connection.execute(query, values).fetchall()

    def grids(self) -> list[dict[str, Any]]:
        """What was asked for, see `Asked.grids`."""
        with self.reading():
            return self.asked.grids()

    # What has run

    def commit(self, result: Result, row: Row, origin: Origin, machine: Machine) -> str:
        """Keep a run with all that belongs to it, in one transaction; gives its key.

        A run that failed before is replaced. One that is there already is left as it is.

        Args:
            result: of the run, which may have failed.
            row: of the result.
            origin: code and data that it was computed with.
            machine: that computed it.

        Raises:
            DataError: no space is left, or the study is damaged.
        """
        cell, validation = result.cell, result.validation
        digest, specification = group_digest(cell), group_specification(cell)
        key = run_key(digest, cell.lr, cell.seed, origin)
        heads, packed = pack({} if result.trace is None else result.trace._asdict())
        points = [[step, score.top1, plain(score.loss)] for step, score in result.curve]
        with self.reading(), database.transaction(self.connection):
            self.connection.execute("DELETE FROM claims WHERE key = ?", (key,))
            found = self._all("SELECT id, failed FROM runs WHERE key = ?", key)
            if found and not found[0][1]:
                return key
            if found:
                self._drop(found[0][0])
            self.connection.execute("INSERT OR IGNORE INTO groups VALUES (?, ?)", (digest, specification))
            columns = (
                "key, digest, lr, seed, origin, machine, failed, validation_top1, validation_loss, seconds, finished"
            )
            values = (
                key, digest, float(cell.lr), str(cell.seed), self._origin(origin), self._machine(machine),
                int(validation.failed), validation.top1, validation.loss, result.seconds, database.now(),
            )  # fmt: skip
            query = f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * len(values))})"
            number = self.connection.execute(query, values).lastrowid
            self.connection.execute("INSERT INTO results VALUES (?, ?)", (number, row_text(row)))
            curve = json.dumps(points, allow_nan=False)
            self.connection.execute("INSERT INTO traces VALUES (?, ?, ?, ?)", (number, heads, packed, curve))
            self.note(key, "failed" if validation.failed else "committed")
        return key

    def note(self, key: str, event: str) -> None:
        """Add to the log, within a transaction."""
        values = (key, event, database.now())
        self.connection.execute("INSERT INTO log (key, event, at) VALUES (?, ?, ?)", values)

    def _drop(self, run: int) -> None:
        for table, column in (("runs", "id"), ("results", "run"), ("traces", "run")):
            self.connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (run,))

    def _origin(self, origin: Origin) -> int:
        return self._number_of("origins", {"code": origin.code, "data": origin.data})

    def _machine(self, machine: Machine) -> int:
        versions = canonical(dict(machine.versions))
        return self._number_of("machines", {"versions": versions, "device": machine.device, "host": machine.host})

    def _number_of(self, table: str, values: Mapping[str, str]) -> int:
        given = tuple(values.values())
        names = ", ".join(values)
        marks = ", ".join("?" * len(given))
        self.connection.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", given)
        return int(self.connection.execute(f"SELECT id FROM {table} WHERE ({names}) = ({marks})", given).fetchone()[0])

    def known(self) -> list[Known]:
        """Every run that has ended, in the order in which they were committed."""
        return [Known.read(values) for values in self._all(f"SELECT {KNOWN} FROM runs ORDER BY id")]

    def known_by(self, key: str) -> Known | None:
        """The run of this key, None if it has not ended."""
        found = self._all(f"SELECT {KNOWN} FROM runs WHERE key = ?", key)
        return Known.read(found[0]) if found else None

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
        for run in self.known():
            runs.setdefault(run.digest, {})[run.lr, run.seed] = run
        found: dict[int, Place] = {}
        wanted = None if grids is None else set(grids)
        for one in self.grids():
            if wanted is not None and one["id"] not in wanted:
                continue
            grid = Grid.stored(one["specification"])
            with self.reading():
                members = self.asked.members(one["id"])
            for digest in members:
                for seed, run in _settled(runs.get(digest, {}), grid["lr"], grid["seed"]):
                    found.setdefault(run.id, Place(digest, seed, run.id, run.origin))
        return list(found.values())

    def rows(self, grids: Iterable[int] | None = None) -> list[Row]:
        """The rows of the tables, as `places` orders them."""
        return [row for _, row in self.placed_rows(grids)]

    def placed_rows(self, grids: Iterable[int] | None = None) -> Iterator[tuple[Place, Row]]:
        """The cells of the tables with their rows, as `places` orders them."""
        places = self.places(grids)
        texts = dict(self._all("SELECT run, row FROM results"))
        specifications = dict(self._all("SELECT digest, cell FROM groups"))
        columns: dict[str, dict[str, Any]] = {}
        for place in places:
            if place.digest not in columns:
                columns[place.digest] = columns_of(json.loads(specifications[place.digest]))
            yield place, row_of(texts[place.run], columns[place.digest])

    def runs(self) -> list[StoredRun]:
        """The runs of the tables, as `places` orders them, without cells and traces."""
        origins = {number: Origin(*one) for number, *one in self._all("SELECT id, code, data FROM origins")}
        query = "SELECT id, versions, device, host FROM machines"
        machines = {number: Machine(json.loads(versions), *one) for number, versions, *one in self._all(query)}
        told = {number: one for number, *one in self._all("SELECT id, key, machine, seconds, finished FROM runs")}
        made = []
        for place, row in self.placed_rows():
            key, machine, seconds, finished = told[place.run]
            made.append(StoredRun(row, key, machines[machine], origins[place.origin], seconds, finished))
        return made

    def trace(self, key: str) -> StoredTrace:
        """The steps of a run.

        Raises:
            DataError: there is no such run, or its trace is damaged.
        """
        query = "SELECT arrays, packed, curve FROM traces JOIN runs ON run = id WHERE key = ?"
        heads, packed, curve = self._one(query, key)
        with self._naming(key):
            arrays = unpack(heads, packed)
            points = tuple((int(step), top1, float(loss)) for step, top1, loss in json.loads(curve))
        missing: NDArray[Any] = np.zeros(0, np.float32)
        steps = {name: arrays.get(name, missing) for name in StoredTrace._fields if name != "curve"}
        return StoredTrace(**steps, curve=points)

    def cell(self, key: str) -> Cell:
        """The specification of a run.

        Raises:
            DataError: there is no such run.
        """
        query = "SELECT cell, lr, seed FROM runs JOIN groups USING (digest) WHERE key = ?"
        specification, lr, seed = self._one(query, key)
        return cell_of(specification, lr, int(seed))

    def _one(self, query: str, key: str) -> Any:
        found = self._all(query, key)
        if not found:
            raise DataError(f"the study {printable(self.folder)} has no run {printable(key)[:64]}")
        return found[0]

    @contextmanager
    def _naming(self, key: str) -> Iterator[None]:
        """Say of what is damaged where it is."""
        try:
            yield
        except (DataError, ValueError, TypeError) as error:
            raise DataError(f"the study {printable(self.folder)}, run {key[:16]}…: {error}") from None


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
