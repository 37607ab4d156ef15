"""What comes out of a study: runs with their rows and traces, and the lines of its database behind them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from aspis_sim.records import plain
from aspis_sim.run.machine import Machine
from aspis_sim.run.rate import Validation
from aspis_sim.run.row import COLUMNS, FIRST, Row
from aspis_sim.spec.cell import BY_COLUMN, Cell
from aspis_sim.study.fingerprint import Origin, settings_of
from aspis_sim.study.trace_codec import unpack

Curve = tuple[tuple[int, float | None, float], ...]
"""(step, top-1 on test data or None, test loss) at the points where a run was scored."""

KEPT = tuple(name for name, one in COLUMNS.items() if name in FIRST or one.setting is None)
"""Columns of a row that are kept with a run; the other settings stand with its group."""

_REALS = frozenset(name for name, one in COLUMNS.items() if one.type is float)

_SCALARS = (int, float, str, bool)

_FITTING = frozenset(
    (name, kind)
    for name in KEPT
    for kind in (
        type(None),
        *(_SCALARS if COLUMNS[name].setting else (float, int) if name in _REALS else (COLUMNS[name].type,)),
    )
)
"""Columns that are kept, each with the types that its values can have."""


class StoredTrace(NamedTuple):
    """The steps of a stored run, arrays ``[steps]`` as in `aspis_sim.simulation.Trace`; empty for a failed run."""

    loss: NDArray[Any]
    distorted: NDArray[Any]
    lost: NDArray[Any]
    excluded_byzantine: NDArray[Any]
    excluded_honest: NDArray[Any]
    outcome: NDArray[Any]
    curve: Curve = ()


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run that has ended, as it was kept.

    Attributes:
        row: its results.
        key: that its study knows it by; empty for a line of a CSV.
        machine: that computed it; None for a line of a CSV.
        origin: version of the code, and checksum of the data; None for a line of a CSV.
        seconds: that the run took.
        finished: when it was committed, ISO 8601 in UTC.
        cell: what ran, where it was asked for.
        trace: of its steps, where it was asked for.
        validation: what the choice of a rate rests on, where it was asked for.
    """

    row: Row
    key: str = ""
    machine: Machine | None = None
    origin: Origin | None = None
    seconds: float = 0.0
    finished: str = ""
    cell: Cell | None = None
    trace: StoredTrace | None = None
    validation: Validation | None = None


class Known(NamedTuple):
    """A line about a run that has ended, without its results.

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

    @classmethod
    def read(cls, line: Sequence[Any]) -> Self:
        """From the columns of `aspis_sim.study.checksums.LINE`."""
        number, key, digest, lr, seed, origin, _, failed, top1, loss, *_ = line
        score = Validation(top1, float("nan") if loss is None else loss, bool(failed))
        return cls(number, key, digest, lr, seed, origin, score)


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


def row_text(row: Row) -> str:
    """What is kept of a row, as JSON; NaN and infinities as words."""
    return json.dumps({name: plain(row[name]) for name in KEPT}, allow_nan=False)


def columns_of(specification: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of rows that a group's specification tells.

    Raises:
        DataError: it names settings that this version does not know.
    """
    given = settings_of(specification)
    fields = Cell.__dataclass_fields__
    settings = {name: given.get(one.name, fields[one.name].default) for name, one in BY_COLUMN.items()}
    return {**dict.fromkeys(COLUMNS), **settings}


def row_of(text: str, of_group: Mapping[str, Any]) -> Row:
    """The row that `row_text` was given, of a group with these columns; a figure that it lacks is None.

    Raises:
        ValueError: it has other columns, no status, or values that are none of their columns'.
    """
    values = json.loads(text)
    for name in _REALS.intersection(values):
        if isinstance(values[name], str):
            values[name] = float(values[name])
    if not values.get("status"):
        raise ValueError("it has no status")
    if not _FITTING.issuperset(zip(values, map(type, values.values()), strict=True)):
        wrong = [name for name, value in values.items() if (name, type(value)) not in _FITTING]
        raise ValueError(f"{wrong[0]} is {values[wrong[0]]!r}")
    return Row({**of_group, **values})


def trace_of(heads: str, packed: bytes, curve: str) -> StoredTrace:
    """The trace of a run whose arrays `pack` was given, with its curve as JSON.

    Raises:
        DataError: the bytes are not what the heads say.
    """
    arrays = unpack(heads, packed)
    points = tuple((int(step), top1, float(loss)) for step, top1, loss in json.loads(curve))
    missing: NDArray[Any] = np.zeros(0, np.float32)
    steps = {name: arrays.get(name, missing) for name in StoredTrace._fields if name != "curve"}
    return StoredTrace(**steps, curve=points)
