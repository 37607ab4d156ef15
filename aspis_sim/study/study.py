"""A study: made, opened, and given runs, each committed whole."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from aspis_sim.errors import DataError
from aspis_sim.records import plain
from aspis_sim.run.machine import Machine
from aspis_sim.run.row import Row
from aspis_sim.run.train import Result
from aspis_sim.study import database
from aspis_sim.study.checksums import KINDS, LINE, Damage, called, note, note_run
from aspis_sim.study.contents import Contents
from aspis_sim.study.fingerprint import Origin, canonical, group_digest, group_specification, run_key
from aspis_sim.study.records import row_text
from aspis_sim.study.trace_codec import pack


class Study(Contents):
    """An open study; use it in one thread, and close it or leave its ``with`` block."""

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
        points = [[step, top1, plain(loss)] for step, top1, loss in result.whole_curve]
        with self.reading(), database.transaction(self.connection):
            self.connection.execute("DELETE FROM claims WHERE key = ?", (key,))
            found = self._all("SELECT id, failed FROM runs WHERE key = ?", key)
            if found and not found[0][1]:
                return key
            if found:
                self._drop(found[0][0])
            self.connection.execute("INSERT OR IGNORE INTO groups VALUES (?, ?)", (digest, specification))
            note(self.connection, "group", digest, digest, specification)
            columns = (
                "key, digest, lr, seed, origin, machine, failed, validation_top1, validation_loss, seconds, finished"
            )
            values = (
                key, digest, float(cell.lr), str(cell.seed), self._origin(origin), self._machine(machine),
                int(validation.failed), validation.top1, validation.loss, result.seconds, database.now(),
            )  # fmt: skip
            query = f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * len(values))})"
            number = self.connection.execute(query, values).lastrowid
            text, curve = row_text(row), json.dumps(points, allow_nan=False)
            self.connection.execute("INSERT INTO results VALUES (?, ?)", (number, text))
            self.connection.execute("INSERT INTO traces VALUES (?, ?, ?, ?)", (number, heads, packed, curve))
            line = self.connection.execute(f"SELECT {LINE} FROM runs WHERE id = ?", (number,)).fetchone()
            note_run(self.connection, line, text, (heads, packed, curve))
            self.note(key, "failed" if validation.failed else "committed")
        return key

    def note(self, key: str, event: str) -> None:
        """Add to the log, within a transaction."""
        values = (key, event, database.now())
        self.connection.execute("INSERT INTO log (key, event, at) VALUES (?, ?, ?)", values)

    def _drop(self, run: int) -> None:
        for table, column in (("runs", "id"), ("results", "run"), ("traces", "run"), ("run_checksums", "run")):
            self.connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (run,))

    def _origin(self, origin: Origin) -> int:
        return self._number_of("origin", {"code": origin.code, "data": origin.data})

    def _machine(self, machine: Machine) -> int:
        versions = canonical(dict(machine.versions))
        return self._number_of("machine", {"versions": versions, "device": machine.device, "host": machine.host})

    def _number_of(self, kind: str, values: Mapping[str, str]) -> int:
        """The number of an origin or a machine, which is noted if it is new."""
        given, names, table = tuple(values.values()), ", ".join(values), KINDS[kind][0]
        marks = ", ".join("?" * len(given))
        self.connection.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", given)
        query = f"SELECT id FROM {table} WHERE ({names}) = ({marks})"
        number = int(self.connection.execute(query, given).fetchone()[0])
        query = f"SELECT {names} FROM {table} NOT INDEXED WHERE id = ?"
        if self.connection.execute(query, (number,)).fetchone() != given:
            raise Damage(f"{called(kind, number)} is not what its index says")
        note(self.connection, kind, number, number, *given)
        return number
