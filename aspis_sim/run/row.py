"""The row that a cell leaves in a table of results: one column for each setting, then what came out.

A setting's column follows from its declaration; a figure is declared here, once, with how it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from aspis_sim.coding import CODINGS
from aspis_sim.plugin import unless_broken
from aspis_sim.run.price import bytes_sent, seconds_modelled
from aspis_sim.run.published import published_fraction
from aspis_sim.spec.cell import BY_COLUMN, Cell, filled
from aspis_sim.spec.knob import Knob
from aspis_sim.spec.sizes import dataset_of

if TYPE_CHECKING:
    import numpy as np

    from aspis_sim.run.resolve import Job
    from aspis_sim.run.train import Result


class Metric(NamedTuple):
    """What can be compared of a figure.

    Attributes:
        higher: whether more of it is better.
        counted: whether it counts files, workers or samples: where it is the same with every seed it follows from the
            settings, and nothing about it is left to chance.
        share: whether it is one, from 0 to 1.
    """

    higher: bool = False
    counted: bool = False
    share: bool = False


@dataclass(frozen=True)
class Column:
    """One column of a row.

    Attributes:
        name: of the column.
        type: str, int, float or bool.
        meaning: one sentence.
        setting: that it holds; None for what came out.
        value: from the job and its result, None without one, to the value; None for a setting as it was asked for.
        metric: how it is compared; None for what is not.
    """

    name: str
    type: type
    meaning: str
    setting: Knob | None = None
    value: Callable[[Job, Result | None], Any] | None = None
    metric: Metric | None = None


def _share(counts: np.ndarray, of: int | None) -> float | None:
    """Mean over steps of counts, as a share."""
    return None if of is None else int(counts.sum()) / (len(counts) * of)


def _files(job: Job) -> int | None:
    assignment = unless_broken(lambda: job.assignment)
    return None if assignment is None else len(assignment.files)


def _load(job: Job, result: Result | None) -> int | None:
    assignment = unless_broken(lambda: job.assignment)
    return None if assignment is None else assignment.load


def _detects(job: Job) -> bool:
    return job.detector.detects or CODINGS.traits(job.cell.coding).decodes


def _of_trace(name: str, of: Callable[[Job], int | None]) -> Callable[[Job, Result | None], float | None]:
    def share(job: Job, result: Result | None) -> float | None:
        if result is None or result.trace is None:
            return None
        return _share(getattr(result.trace, name), of(job))

    return share


def _detection_rate(job: Job, result: Result | None) -> float | None:
    if not _detects(job) or not job.cell.q:
        return None
    return _of_trace("excluded_byzantine", lambda job: job.cell.q)(job, result)


def _false_accusation_rate(job: Job, result: Result | None) -> float | None:
    if not _detects(job):
        return None
    return _of_trace("excluded_honest", lambda job: job.cell.workers - job.cell.q)(job, result)


def _server_computed(job: Job) -> int | None:
    return job.cell.audits * job.samples_per_file * job.cell.steps or None


EXPLODED = 10.0
"""How many times the loss of chance a final loss may be; beyond, the run has diverged."""
DIVERGED = f"weights that are not finite, or a loss of more than {EXPLODED:g} times that of chance"
"""What it is to diverge."""


def _status(job: Job, result: Result | None) -> str:
    if result is None:
        return "ok"
    if result.failure:
        return f"failed: {result.failure}"
    return "ok" if result.finite and not _exploded(job, result) else "diverged"


def _exploded(job: Job, result: Result) -> bool:
    """Whether the final test loss is no number, or more than `EXPLODED` times that of chance.

    Chance is log(classes), the cross-entropy of a guess; without classes the training loss before the first step.
    """
    if result.test is None or result.trace is None:
        return False
    classes = dataset_of(job.cell).classes
    chance = math.log(classes) if classes else float(result.trace.loss[0])
    return not result.test.loss <= EXPLODED * chance


FIGURES = (
    Column("attack", str, "targeting of files, with the number of framed workers if one was asked for",
           value=lambda job, result: job.cell.attack_label),
    Column("strength", float, "of the payload, as it was used; none for a payload without one",
           value=lambda job, result: unless_broken(lambda: job.strength)),
    Column("samples_per_file", int, "samples in each file, as they were used",
           value=lambda job, result: unless_broken(lambda: job.samples_per_file)),
    Column("files", int, "f, files that a batch is split into", value=lambda job, result: _files(job)),
    Column("load", int, "l, files that each worker computes", value=_load),
    Column("batch_size", int, "distinct samples a step",
           value=lambda job, result: unless_broken(lambda: job.batch_size)),
    Column("distortion_theory", float,
           "published fraction, none where nobody published one; under the weak attack Aspis's counts the lost files",
           value=lambda job, result: unless_broken(lambda: published_fraction(job))),
    Column("distortion_measured", float, "distorted values that entered the update, over f, mean over steps",
           value=_of_trace("distorted", _files), metric=Metric(counted=True, share=True)),
    Column("lost_measured", float, "files dropped, over f, mean over steps",
           value=_of_trace("lost", _files), metric=Metric(counted=True, share=True)),
    Column("detection_rate", float, "Byzantine workers excluded over q, mean over steps",
           value=_detection_rate, metric=Metric(higher=True, counted=True, share=True)),
    Column("false_accusation_rate", float, "honest workers excluded over K - q, mean over steps",
           value=_false_accusation_rate, metric=Metric(counted=True, share=True)),
    Column("top1", float, "share of test images classified correctly by the final weights",
           value=lambda job, result: result.test.top1 if result and result.test else None,
           metric=Metric(higher=True, share=True)),
    Column("loss", float, "mean test loss of the final weights",
           value=lambda job, result: result.test.loss if result and result.test else None, metric=Metric()),
    Column("gradient_diversity", float,
           "G² at the initial weights: mean over files of ‖∇f_i - ∇f‖², f_i over the file's shard; none without shards",
           value=lambda job, result: result.diversity if result else None, metric=Metric()),
    Column("convicted", int, "workers convicted by audits, at the end of the run; none without audits",
           value=lambda job, result: result.convicted if result else None, metric=Metric(counted=True)),
    Column("disputes_audited", int, "disputed files that were audited, over the run; none without audits",
           value=lambda job, result: result.disputes if result else None, metric=Metric(counted=True)),
    Column("server_computed", int,
           "sample gradients that the server computed itself, audits samples_per_file steps; none without audits",
           value=lambda job, result: unless_broken(lambda: _server_computed(job)), metric=Metric(counted=True)),
    Column("bytes_sent", int, "by the workers to the server over the run",
           value=lambda job, result: unless_broken(lambda: bytes_sent(job)) if result and result.test else None,
           metric=Metric(counted=True)),
    Column("seconds_modelled", float, "expected of the run on the cluster; none without one",
           value=lambda job, result: unless_broken(lambda: seconds_modelled(job)) if result and result.test else None,
           metric=Metric(counted=True)),
    Column("samples_processed", int, "sample gradients computed by all workers over the run",
           value=lambda job, result: unless_broken(lambda: job.samples_processed), metric=Metric(counted=True)),
    Column("seconds", float, "wall time of the run, without compilation",
           value=lambda job, result: round(result.seconds, 3) if result and result.test else None, metric=Metric()),
    Column("status", str,
           f"ok, diverged (final {DIVERGED}: log(classes), without classes the loss before the first step) or failed "
           "with the reason", value=_status),
)  # fmt: skip
"""What came out, and the settings that are shown as they were used and not as they were asked for."""

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
