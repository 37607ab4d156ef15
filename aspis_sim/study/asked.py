"""What a study was asked for: its grids, the groups of each in the order of the rows, and the commands that asked."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from aspis_sim.spec.grid import Grid, Replicates
from aspis_sim.study import database
from aspis_sim.study.checksums import UNREADABLE, StoredGrid, ensure, grids, note, note_grid, unreadable
from aspis_sim.study.fingerprint import canonical, grid_digest, group_digest, group_specification


class Asked:
    """The grids of a study.

    Args:
        connection: to its database.
        checked: whether everything in it has a checksum.
    """

    def __init__(self, connection: sqlite3.Connection, checked: bool = True) -> None:
        self._connection = connection
        self._checked = checked

    def stored(self) -> list[StoredGrid]:
        """What is stored of the grids, in order.

        Raises:
            Damage: one of them is not what was written, or is missing.
        """
        with database.snapshot(self._connection):
            found = list(grids(self._connection))
        for grid, kept in found:
            ensure("grid", grid.id, kept, self._checked, *grid)
        return [grid for grid, _ in found]

    def grids(self) -> list[dict[str, Any]]:
        """What was asked for, in order: ``id``, ``specification`` (see `Grid.stored`), ``added``, ``commands``.

        Raises:
            Damage: as `stored`, or a specification is malformed.
        """
        return [
            {"id": one.id, "specification": _read(one)[0], "added": one.added, "commands": list(one.commands)}
            for one in self.stored()
        ]

    def members(self) -> dict[int, tuple[Grid, tuple[str, ...]]]:
        """Number -> grid, and the digests of its groups in the order of the rows.

        Raises:
            Damage: as `grids`.
            DataError: a grid has settings that this version does not know.
        """
        return {one.id: (_read(one)[1], one.members) for one in self.stored()}

    def add(self, grid: Grid, groups: Iterable[Replicates], command: str = "") -> int:
        """Ask for all cells of a grid; one that is there already only gets the command.

        Args:
            grid: its specification.
            groups: its groups, in the order of the rows.
            command: that asked for it, empty if none did.

        Returns:
            the number of the grid in this study.
        """
        with database.transaction(self._connection):
            digests = []
            if self._number(grid) is None:
                groups = tuple(groups)
                self._note(groups)
                digests = [group_digest(group.first) for group in groups]
            return self.place(grid, canonical(grid.specification), digests, [command], database.now())

    def place(self, grid: Grid, specification: str, groups: Sequence[str], commands: Iterable[str], at: str) -> int:
        """Within a transaction, ask for a grid whose groups are noted; gives its number.

        Args:
            grid: if it is there already, only the commands are added.
            specification: its own, as JSON.
            groups: digests of its groups, in the order of the rows.
            commands: that asked for it.
            at: when.
        """
        number = self._number(grid)
        if number is None:
            query = "INSERT INTO grids (digest, specification, added) VALUES (?, ?, ?)"
            number = int(self._connection.execute(query, (grid_digest(grid), specification, at)).lastrowid or 0)
            self._place(number, groups)
        for command in commands:
            self._note_command(number, command)
        note_grid(self._connection, number)
        return number

    def replace(self, number: int, grid: Grid, groups: Iterable[Replicates], command: str = "") -> int:
        """Ask for another grid in the place of one of this study; cells that are in both stay.

        Returns:
            the number of the grid: another one if the study has asked for the new grid already.
        """
        with database.transaction(self._connection):
            same = self._number(grid, but=number)
            self._connection.execute("DELETE FROM members WHERE grid = ?", (number,))
            if same is not None:
                self._connection.execute("DELETE FROM grids WHERE id = ?", (number,))
                self._connection.execute("DELETE FROM checksums WHERE kind = 'grid' AND of = ?", (number,))
                self._connection.execute("UPDATE OR IGNORE commands SET grid = ? WHERE grid = ?", (same, number))
                self._connection.execute("DELETE FROM commands WHERE grid = ?", (number,))
                number = same
            else:
                query = "UPDATE grids SET digest = ?, specification = ? WHERE id = ?"
                self._connection.execute(query, (grid_digest(grid), canonical(grid.specification), number))
                groups = tuple(groups)
                self._note(groups)
                self._place(number, [group_digest(group.first) for group in groups])
            self._note_command(number, command)
            note_grid(self._connection, number)
        return number

    def _number(self, grid: Grid, but: int | None = None) -> int | None:
        """The number of the grid that asks for the same, also of one that an earlier version stored."""
        digest = grid_digest(grid)
        for one in self.stored():
            if one.id != but and (digest == one.digest or digest == _digest_now(one)):
                return one.id
        return None

    def _note(self, groups: Iterable[Replicates]) -> None:
        noted = [(group_digest(group.first), group_specification(group.first)) for group in groups]
        self._connection.executemany("INSERT OR IGNORE INTO groups VALUES (?, ?)", noted)
        for group in noted:
            note(self._connection, "group", group[0], *group)

    def _place(self, number: int, digests: Sequence[str]) -> None:
        rows = ((number, position, digest) for position, digest in enumerate(digests))
        self._connection.executemany("INSERT INTO members VALUES (?, ?, ?)", rows)

    def _note_command(self, number: int, command: str) -> None:
        if command:
            self._connection.execute("INSERT OR IGNORE INTO commands (grid, words) VALUES (?, ?)", (number, command))


def _read(grid: StoredGrid) -> tuple[dict[str, Any], Grid]:
    """The specification of a grid, and the grid itself."""
    try:
        specification = json.loads(grid.specification)
        return specification, Grid.stored(specification)
    except UNREADABLE as error:
        raise unreadable("grid", grid.id, error) from None


def _digest_now(one: StoredGrid) -> str:
    """The digest that this version gives to a stored grid."""
    try:
        return _digest_of(one.specification)
    except UNREADABLE as error:
        raise unreadable("grid", one.id, error) from None


@lru_cache(maxsize=10_000)
def _digest_of(specification: str) -> str:
    return grid_digest(Grid.stored(json.loads(specification)))
