"""A study's cells: committed whole, read back as rows, records and traces in the order of its grids."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError
from aspis_sim.experiment.cell import Cell
from aspis_sim.experiment.grid import Grid, Group
from aspis_sim.experiment.rate import Validation, chosen
from aspis_sim.experiment.row import Row, plain
from aspis_sim.experiment.store import database
from aspis_sim.experiment.store.key import Origin, canonical, cell_of, group_digest, group_specification, run_key
from aspis_sim.experiment.store.packed import pack, unpack

Curve = tuple[tuple[int, float | None, float], ...]
"""(step, top-1 on test data or None, test loss) at the points where a run was scored."""

_REALS = frozenset(field.name for field in fields(Row) if "float" in str(field.type))
_COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True)
class Machine:
    """What a run ran on.

    Attributes:
        versions: of aspis-sim, jax, numpy and python.
        device: kind of device, as JAX names it.
        host: name of the machine.
    """

    versions: Mapping[str, str]
    device: str
    host: str


@dataclass(frozen=True, eq=False)
class Finished:
    """A run that has ended, as it is committed.

    Attributes:
        cell: what ran.
        row: of a sweep's table; its status says whether the run failed.
        validation: what the choice of a rate rests on.
        seconds: that the run took.
        trace: name -> array over the steps, as `aspis_sim.simulation.Trace`; empty for a failed run.
        curve: points where it was scored.
    """

    cell: Cell
    row: Row
    validation: Validation
    seconds: float = 0.0
    trace: Mapping[str, NDArray[Any]] | None = None
    curve: Curve = ()


@dataclass(frozen=True)
class Record:
    """A cell of a study's tables with where it came from.

    Attributes:
        key: of its run, for `Store.trace` and `Store.cell`.
        row: its results.
        versions: of aspis-sim, jax, numpy and python that computed it.
        device: kind of device.
        host: name of the machine.
        seconds: that the run took.
        finished: when it was committed, ISO 8601 in UTC.
        origin: version of the code, and checksum of the data.
    """

    key: str
    row: Row
    versions: dict[str, str]
    device: str
    host: str
    seconds: float
    finished: str
    origin: Origin


class StoredTrace(NamedTuple):
    """The steps of a stored run, arrays ``[steps]`` as in `aspis_sim.simulation.Trace`; empty for a failed run."""

    loss: NDArray[Any]
    distorted: NDArray[Any]
    lost: NDArray[Any]
    excluded_byzantine: NDArray[Any]
    excluded_honest: NDArray[Any]
    outcome: NDArray[Any]
    curve: Curve = ()


class Run(NamedTuple):
    """A run that has ended, without its results.

    Attributes:
        id: its number in the database, larger than that of all that were committed before.
        key: that it is known by.
        digest: of its group.
        lr: its learning rate.
        seed: its seed, as text.
        origin: number of its origin in the database.
        validation: what the choice of a rate rests on.
    """

    id: int
    key: str
    digest: str
    lr: float
    seed: str
    origin: int
    validation: Validation


_RUN = "id, key, digest, lr, seed, origin, validation_top1, validation_loss, failed"


class Place(NamedTuple):
    """A cell of a study's tables.

    Attributes:
        digest: of its group.
        seed: its seed.
        run: id of its run in the database.
        origin: id of that run's origin.
    """

    digest: str
    seed: int
    run: int
    origin: int


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

    def reading(self) -> Any:
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
        members = [(group_digest(group.first), group_specification(group.first)) for group in groups]
        specification = canonical(asdict(grid))
        with self.reading(), database.transaction(self.connection):
            found = self._all("SELECT id FROM grids WHERE specification = ?", specification)
            if found:
                number = int(found[0][0])
            else:
                query = "INSERT INTO grids (specification, added) VALUES (?, ?)"
                number = int(self.connection.execute(query, (specification, database.now())).lastrowid or 0)
                self._place(number, members)
            self._note_command(number, command)
        return number

    def replace_grid(self, number: int, grid: Grid, groups: Iterable[Group], command: str = "") -> None:
        """Ask for another grid in the place of one of this study; cells that are in both stay."""
        members = [(group_digest(group.first), group_specification(group.first)) for group in groups]
        with self.reading(), database.transaction(self.connection):
            query = "UPDATE grids SET specification = ? WHERE id = ?"
            self.connection.execute(query, (canonical(asdict(grid)), number))
            self.connection.execute("DELETE FROM members WHERE grid = ?", (number,))
            self._place(number, members)
            self._note_command(number, command)

    def _place(self, number: int, members: list[tuple[str, str]]) -> None:
        self.connection.executemany("INSERT OR IGNORE INTO groups VALUES (?, ?)", members)
        rows = ((number, position, digest) for position, (digest, _) in enumerate(members))
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
        row = json.dumps({name: plain(value) for name, value in asdict(finished.row).items()}, allow_nan=False)
        heads, packed = pack(finished.trace or {})
        curve = json.dumps([[step, top1, plain(loss)] for step, top1, loss in finished.curve], allow_nan=False)
        validation = (finished.validation.top1, finished.validation.loss)
        at = database.now()
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
                int(failed), *validation, finished.seconds, at,
            )  # fmt: skip
            query = f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * len(values))})"
            number = self.connection.execute(query, values).lastrowid
            self.connection.execute("INSERT INTO results VALUES (?, ?)", (number, row))
            self.connection.execute("INSERT INTO traces VALUES (?, ?, ?, ?)", (number, heads, packed, curve))
            event = "failed" if failed else "committed"
            self.connection.execute("INSERT INTO log (key, event, at) VALUES (?, ?, ?)", (key, event, at))
        return key

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
        return [_run(*values) for values in self._all(f"SELECT {_RUN} FROM runs ORDER BY id")]

    def run(self, key: str) -> Run | None:
        """The run of this key, None if it has not ended."""
        found = self._all(f"SELECT {_RUN} FROM runs WHERE key = ?", key)
        return _run(*found[0]) if found else None

    def log(self) -> list[tuple[str, str, str]]:
        """Key, event ("committed" or "failed") and time of everything that was ever committed, in order."""
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
            yield place, _row(texts[place.run])

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
        missing = np.zeros(0, np.float32)
        return StoredTrace(**{name: arrays.get(name, missing) for name in StoredTrace._fields[:-1]}, curve=points)  # type: ignore[arg-type]

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
            raise DataError(f"the study {database.shown(self.folder)} has no run {database.shown(key)[:64]}")
        return found[0]

    def _naming(self, key: str) -> Any:
        return _Naming(f"the study {database.shown(self.folder)}, run {key[:16]}…")


class _Naming:
    """Says in a `DataError` where the damage is."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, DataError | ValueError | TypeError):
            raise DataError(f"{self._where}: {error}") from None


def _run(*values: Any) -> Run:
    *own, top1, loss, failed = values
    return Run(*own, Validation(top1, float("nan") if loss is None else loss, bool(failed)))


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


def _row(text: str) -> Row:
    values = json.loads(text)
    for name in _REALS:
        if isinstance(values.get(name), str):
            values[name] = float(values[name])
    return Row(**{name: values.get(name) for name in _COLUMNS})
