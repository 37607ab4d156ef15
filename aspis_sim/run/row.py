"""The row that a cell leaves in a table of results: one column for each setting, then what came out.

A setting's column follows from its declaration, a figure's from that in `aspis_sim.run.figures.columns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aspis_sim.run.figures.columns import FIGURES, Column
from aspis_sim.spec.cell import BY_COLUMN, Cell, filled

if TYPE_CHECKING:
    from aspis_sim.run.resolve import Job
    from aspis_sim.run.train import Result

FIRST = (
    "scheme", "assignment", "workers", "redundancy", "files", "load", "q", "attack", "payload", "strength", "rule",
    "dataset", "model", "protocol", "samples_per_file", "batch_size", "steps", "lr", "seed", "distortion_theory",
    "distortion_measured", "lost_measured", "detection_rate", "false_accusation_rate", "top1", "loss",
    "samples_processed", "seconds", "status",
)  # fmt: skip
"""The columns that every table of results has had, in their order; all others follow them."""


def _columns() -> dict[str, Column]:
    made = {
        name: Column(name, one.kind.type, one.meaning.partition(":")[0].rstrip("."), one)
        for name, one in BY_COLUMN.items()
    }
    for one in FIGURES:
        setting = made[one.name].setting if one.name in made else None
        made[one.name] = Column(one.name, one.type, one.meaning, setting, one.value, one.metric)
    settings = [name for name, one in made.items() if one.setting is not None]
    return {name: made[name] for name in dict.fromkeys((*FIRST, *settings, *made))}


COLUMNS: Mapping[str, Column] = _columns()
"""Every column, in the order of a CSV."""

SETTINGS = tuple(name for name, one in COLUMNS.items() if one.setting is not None and name != "seed")
"""The columns that say what ran, the seed apart."""

METRICS = {name: one.metric for name, one in COLUMNS.items() if one.metric is not None}


class Row(Mapping[str, Any]):
    """One cell's results: column -> value, also read as an attribute.

    None stands where a figure does not exist (an empty CSV field, a JSON null): rates of detection without a detector
    or without Byzantine workers, results of a failed cell, and sizes that a broken plugin should have given. A setting
    that is not given has the value that its scheme, its data set, its compute mode or else a cell has by itself.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        if len(values) != len(COLUMNS):
            kind = (values.get("scheme", ""), values.get("dataset", "digits"), values.get("compute", "shared"))
            values = {**_defaults(*kind), **values}
        self._values = values

    def __getitem__(self, column: str) -> Any:
        return self._values[column]

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS)

    def __len__(self) -> int:
        return len(COLUMNS)

    def __getattr__(self, column: str) -> Any:
        if column.startswith("_"):
            raise AttributeError(column)
        try:
            return self._values[column]
        except KeyError:
            raise AttributeError(f"a row has no column {column!r}") from None

    def __reduce__(self) -> tuple[type[Row], tuple[dict[str, Any]]]:
        return Row, (dict(self._values),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and all(self._values[name] == other._values[name] for name in COLUMNS)

    def __hash__(self) -> int:
        return hash(tuple(self._values[name] for name in COLUMNS))

    def __repr__(self) -> str:
        return f"Row({dict(self)!r})"

    def replaced(self, **changes: Any) -> Row:
        """A row with other values in some columns."""
        return Row({**self._values, **changes})

    @property
    def failed(self) -> bool:
        """Whether the cell left no results."""
        return bool(self._values["status"].startswith("failed"))

    def same_numbers(self, other: Row, apart: Sequence[str] = ()) -> bool:
        """Whether two rows are bit-identical, ignoring ``seconds`` and these columns; NaN is the same as NaN."""
        left, right = self._values, other._values
        return all(repr(left[name]) == repr(right[name]) for name in COLUMNS if name != "seconds" and name not in apart)


def _defaults(scheme: str, dataset: str, compute: str) -> dict[str, Any]:
    fills = filled(scheme, dataset, compute)
    fields = Cell.__dataclass_fields__
    return {
        name: None if one.setting is None else fills.get(one.setting.name, fields[one.setting.name].default)
        for name, one in COLUMNS.items()
    }


def settings_of(cell: Cell) -> dict[str, Any]:
    """The columns that hold the cell's settings as they were asked for."""
    return {name: getattr(cell, one.name) for name, one in BY_COLUMN.items()}


def row_of(job: Job, result: Result | None = None) -> Row:
    """The row of a job, with empty results if there is no result, and without what a broken plugin should say."""
    figures = {one.name: one.value(job, result) for one in FIGURES if one.value is not None}
    return Row({**settings_of(job.cell), **figures})
