"""What goes into a study and what comes out of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple, Self

from numpy.typing import NDArray

from aspis_sim.run.rate import Validation
from aspis_sim.run.row import Row, plain
from aspis_sim.spec.cell import Cell
from aspis_sim.study.fingerprint import Origin

Curve = tuple[tuple[int, float | None, float], ...]
"""(step, top-1 on test data or None, test loss) at the points where a run was scored."""

RUN = "id, key, digest, lr, seed, origin, validation_top1, validation_loss, failed"
"""Columns of a `Run`."""

_REALS = frozenset(field.name for field in fields(Row) if "float" in str(field.type))
_COLUMNS = tuple(field.name for field in fields(Row))


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
    trace: Mapping[str, NDArray[Any]] = field(default_factory=dict)
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

    @classmethod
    def read(cls, values: Sequence[Any]) -> Self:
        """From the columns of `RUN`."""
        number, key, digest, lr, seed, origin, top1, loss, failed = values
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
    """A row as JSON; NaN and infinities as words."""
    return json.dumps({name: plain(value) for name, value in asdict(row).items()}, allow_nan=False)


def row_of(text: str) -> Row:
    """The row that `row_text` was given; a column that it lacks is None."""
    values = json.loads(text)
    for name in _REALS:
        if isinstance(values.get(name), str):
            values[name] = float(values[name])
    return Row(**{name: values.get(name) for name in _COLUMNS})
