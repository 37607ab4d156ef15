"""One run as a curve: points every so many steps, and the whole run as one JSON-ready record."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aspis_sim.detection import Outcome
from aspis_sim.records import columns_of, plain
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.train import Result
from aspis_sim.spec.sizes import dataset_of

OUTCOMES = tuple(Outcome)


@dataclass(frozen=True)
class Point:
    """A point of a run's curve, over the steps since the point before.

    Attributes:
        step: steps done.
        train_loss: mean loss of the steps' batches.
        top1: on test data after the step, None without classes.
        loss: mean test loss after the step.
        distorted: distorted files that entered the update, mean over the steps.
        lost: files dropped, mean over the steps.
        excluded_byzantine: Byzantine workers excluded, mean over the steps.
        excluded_honest: honest workers excluded, mean over the steps.
        outcome: the detector's outcome at the step.
    """

    step: int
    train_loss: float
    top1: float | None
    loss: float
    distorted: float
    lost: float
    excluded_byzantine: float
    excluded_honest: float
    outcome: str


def as_points(result: Result) -> list[Point]:
    """The points at which the run was scored."""
    points, before, trace = [], 0, result.trace
    assert trace is not None
    for step, score in result.curve:
        part = slice(before, step)
        points.append(
            Point(
                step=step,
                train_loss=float(np.mean(trace.loss[part], dtype=np.float64)),
                top1=score.top1,
                loss=score.loss,
                distorted=float(np.mean(trace.distorted[part])),
                lost=float(np.mean(trace.lost[part])),
                excluded_byzantine=float(np.mean(trace.excluded_byzantine[part])),
                excluded_honest=float(np.mean(trace.excluded_honest[part])),
                outcome=str(OUTCOMES[int(trace.outcome[step - 1])]),
            )
        )
        before = step
    return points


def as_rows(result: Result) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The points as rows, with a column for each metric after theirs; and the columns."""
    metrics = dict(result.metrics)
    rows = [asdict(point) | dict(metrics.get(point.step, {})) for point in as_points(result)]
    return rows, (*columns_of(Point), *(result.metrics[0][1] if metrics else ()))


def as_record(result: Result) -> dict[str, Any]:
    """The run as one object: ``row``, ``curve``, and lists over the steps; points have the metrics of plugins, too.

    Of these ``loss`` is that of the step's samples before its update; where every step takes all samples it is the
    objective after it.
    """
    trace, job = result.trace, resolve(result.cell)
    assert trace is not None
    assert result.test is not None
    steps: dict[str, Any] = {name: getattr(trace, name).tolist() for name in trace._fields if name != "outcome"}
    losses = [float(str(value)) for value in trace.loss]
    if dataset_of(result.cell).full_batch:
        losses = [*losses[1:], result.test.loss]
    steps["loss"] = [plain(loss) for loss in losses]
    return {
        "row": {name: plain(value) for name, value in row_of(job, result).items()},
        "curve": [{name: plain(value) for name, value in point.items()} for point in as_rows(result)[0]],
        **steps,
        "outcome": [str(OUTCOMES[int(code)]) for code in trace.outcome],
    }
