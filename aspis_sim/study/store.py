"""A study's cells: committed whole, read back as rows, records and traces in the order of its grids."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError
from aspis_sim.run.machine import Machine
from aspis_sim.run.rate import chosen
from aspis_sim.run.row import Row, plain
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Grid, Group
from aspis_sim.study import database
from aspis_sim.study.fingerprint import (
    Origin,
    canonical,
    cell_of,
    digest_of,
    group_digest,
    group_specification,
    run_key,
)
from aspis_sim.study.records import RUN, Finished, Place, Record, Run, StoredTrace, row_of, row_text
from aspis_sim.study.trace_codec import pack, unpack


class Store:
    """An open study; use it in one thread, and close it or leave its ``with`` block."""

    def __init__(self, connection: sqlite3.Connection, folder: Path | None) -> None:
        self.connection = connection
        self.folder = folder

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make an empty study.

        Raises:
            DataError: the folder holds one already, or cannot be written.
        """
        return cls(database.create(folder), folder)

    @classmethod
    def open(cls, folder: Path, write: bool = False) -> Self:
        """Open a study; without ``write`` nothing in it changes.

        Raises:
            DataError: there is none, it is damaged or of a newer format, or cannot be written.
        """
        return cls(database.open_existing(folder, write), folder)

    @classmethod
    def open_or_create(cls, folder: Path) -> Self:
        """Open a study for writing, and make it first if there is none; several processes may do so at once.

        Raises:
            DataError: as `open` and `create`.
        """
        if not database.exists(folder):
            try:
                return cls.create(folder)
            except DataError:
                if not database.exists(folder):
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

    # What was asked for

    def add_grid(self, grid: Grid, groups: Iterable[Group], command: str = "") -> int:
        """Ask for all cells of a grid; one that is there already only gets the command.

        Args:
            grid: its specification.
            groups: its groups, in the order of the rows.
            command: that asked for it, empty if none did.

        Returns:
            the number of the grid in this study.
        """
        digest, commands = digest_of(grid), [command] if command else []
        with self.reading(), database.transaction(self.connection):
            if self._all("SELECT id FROM grids WHERE digest = ?", digest):
                return self.place_grid(digest, "", (), commands, "")
            groups = tuple(groups)
            self._note_groups(groups)
            digests = [group_digest(group.first) for group in groups]
            return self.place_grid(digest, canonical(asdict(grid)), digests, commands, database.now())

    def place_grid(self, digest: str, specification: str, groups: Sequence[str], commands: list[str], at: str) -> int:
        """Within a transaction, ask for a grid whose groups are noted; gives its number.

        Args:
            digest: of the grid; if it is there already, only the commands are added.
            specification: its fields as JSON.
            groups: digests of its groups, in the order of the rows.
            commands: that asked for it.
            at: when.
        """
        found = self._all("SELECT id FROM grids WHERE digest = ?", digest)
        if found:
            number = int(found[0][0])
        else:
            query = "INSERT INTO grids (digest, specification, added) VALUES (?, ?, ?)"
            number = int(self.connection.execute(query, (digest, specification, at)).lastrowid or 0)
            self._place(number, groups)
        for command in commands:
            self._note_command(number, command)
        return number

    def replace_grid(self, number: int, grid: Grid, groups: Iterable[Group], command: str = "") -> int:
        """Ask for another grid in the place of one of this study; cells that are in both stay.

        Returns:
            the number of the grid: another one if the study has asked for the new grid already.
        """
        with self.reading(), database.transaction(self.connection):
            digest = digest_of(grid)
            same = self._all("SELECT id FROM grids WHERE digest = ? AND id <> ?", digest, number)
            self.connection.execute("DELETE FROM members WHERE grid = ?", (number,))
            if same:
                self.connection.execute("DELETE FROM grids WHERE id = ?", (number,))
                query = "UPDATE OR IGNORE commands SET grid = ? WHERE grid = ?"
                self.connection.execute(query, (same[0][0], number))
                number = int(same[0][0])
            else:
                query = "UPDATE grids SET digest = ?, specification = ? WHERE id = ?"
                self.connection.execute(query, (digest, canonical(asdict(grid)), number))
                groups = tuple(groups)
                self._note_groups(groups)
                self._place(number, [group_digest(group.first) for group in groups])
            self._note_command(number, command)
        return number

    def _note_groups(self, groups: Iterable[Group]) -> None:
        noted = [(group_digest(group.first), group_specification(group.first)) for group in groups]
        self.connection.executemany("INSERT OR IGNORE INTO groups VALUES (?, ?)", noted)

    def _place(self, number: int, digests: Sequence[str]) -> None:
        rows = ((number, position, digest) for position, digest in enumerate(digests))
        self.connection.executemany("INSERT INTO members VALUES (?, ?, ?)", rows)

    def _note_command(self, number: int, command: str) -> None:
        if command:
            self.connection.execute("INSERT OR IGNORE INTO commands (grid, words) VALUES (?, ?)", (number, command))

    def grids(self) -> list[dict[str, Any]]:
        """What was asked for, in order: ``id``, ``specification`` (fields of a `Grid`), ``added``, ``commands``."""
        commands: dict[int, list[str]] = {}
        for grid, words in self._all("SELECT grid, words FROM commands ORDER BY id"):
            commands.setdefault(grid, []).append(words)
        return [
            {"id": number, "specification": json.loads(text), "added": added, "commands": commands.get(number, [])}
            for number, text, added in self._all("SELECT id, specification, added FROM grids ORDER BY id")
        ]

    # What has run

    def commit(self, finished: Finished, origin: Origin, machine: Machine) -> str:
        """Keep a run with all that belongs to it, in one transaction; gives its key.

        A run that failed before is replaced. One that is there already is left as it is.

        Raises:
            DataError: no space is left, or the study is damaged.
        """
        cell, failed = finished.cell, finished.validation.failed
        digest, specification = group_digest(cell), group_specification(cell)
        key = run_key(digest, cell.lr, cell.seed, origin)
        row = row_text(finished.row)
        heads, packed = pack(finished.trace)
        curve = json.dumps([[step, top1, plain(loss)] for step, top1, loss in finished.curve], allow_nan=False)
        validation = (finished.validation.top1, finished.validation.loss)
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
                int(failed), *validation, finished.seconds, database.now(),
            )  # fmt: skip
            query = f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * len(values))})"
            number = self.connection.execute(query, values).lastrowid
            self.connection.execute("INSERT INTO results VALUES (?, ?)", (number, row))
            self.connection.execute("INSERT INTO traces VALUES (?, ?, ?, ?)", (number, heads, packed, curve))
            self.note(key, "failed" if failed else "committed")
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

    def runs(self) -> list[Run]:
        """Every run that has ended, in the order in which they were committed."""
        return [Run.read(values) for values in self._all(f"SELECT {RUN} FROM runs ORDER BY id")]

    def run(self, key: str) -> Run | None:
        """The run of this key, None if it has not ended."""
        found = self._all(f"SELECT {RUN} FROM runs WHERE key = ?", key)
        return Run.read(found[0]) if found else None

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
        runs: dict[str, dict[tuple[float, str], Run]] = {}
        for run in self.runs():
            runs.setdefault(run.digest, {})[run.lr, run.seed] = run
        found: dict[int, Place] = {}
        wanted = None if grids is None else set(grids)
        for grid in self.grids():
            if wanted is not None and grid["id"] not in wanted:
                continue
            rates, seeds = grid["specification"]["rates"], list(dict.fromkeys(grid["specification"]["seeds"]))
            query = "SELECT digest FROM members WHERE grid = ? ORDER BY position"
            for (digest,) in self._all(query, grid["id"]):
                for seed, run in _settled(runs.get(digest, {}), rates, seeds):
                    found.setdefault(run.id, Place(digest, seed, run.id, run.origin))
        return list(found.values())

    def rows(self, grids: Iterable[int] | None = None) -> list[Row]:
        """The rows of the tables, as `places` orders them."""
        return [row for _, row in self.placed_rows(grids)]

    def placed_rows(self, grids: Iterable[int] | None = None) -> Iterator[tuple[Place, Row]]:
        """The cells of the tables with their rows, as `places` orders them."""
        places = self.places(grids)
        texts = dict(self._all("SELECT run, row FROM results"))
        for place in places:
            yield place, row_of(texts[place.run])

    def records(self) -> list[Record]:
        """The rows with where each came from, as `places` orders them."""
        origins = {number: Origin(*one) for number, *one in self._all("SELECT id, code, data FROM origins")}
        query = "SELECT id, versions, device, host FROM machines"
        machines = {number: (json.loads(versions), device, host) for number, versions, device, host in self._all(query)}
        runs = {number: one for number, *one in self._all("SELECT id, key, machine, seconds, finished FROM runs")}
        made = []
        for place, row in self.placed_rows():
            key, machine, seconds, finished = runs[place.run]
            versions, device, host = machines[machine]
            made.append(Record(key, row, dict(versions), device, host, seconds, finished, origins[place.origin]))
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

    def specifications(self) -> dict[str, dict[str, Any]]:
        """Digest of a group -> the fields of its cells, without rate and seed."""
        return {digest: json.loads(text) for digest, text in self._all("SELECT digest, cell FROM groups")}

    def _one(self, query: str, key: str) -> Any:
        found = self._all(query, key)
        if not found:
            raise DataError(f"the study {database.shown(self.folder)} has no run {database.shown(key)[:64]}")
        return found[0]

    @contextmanager
    def _naming(self, key: str) -> Iterator[None]:
        """Say of what is damaged where it is."""
        try:
            yield
        except (DataError, ValueError, TypeError) as error:
            raise DataError(f"the study {database.shown(self.folder)}, run {key[:16]}…: {error}") from None


def _settled(runs: Mapping[tuple[float, str], Run], rates: list[float], seeds: list[int]) -> Iterator[tuple[int, Run]]:
    """The runs of a group that are cells of a table: of the chosen rate, once it is chosen."""
    first = {rate: runs.get((rate, str(seeds[0]))) for rate in rates}
    tried = {rate: run.validation for rate, run in first.items() if run is not None}
    if len(tried) < len(first):
        return
    rate = chosen(tried)
    for seed in seeds:
        if (run := runs.get((rate, str(seed)))) is not None:
            yield seed, run
