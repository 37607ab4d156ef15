"""What came out of a run: every figure of a row, each declared once, with how it is computed and compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from aspis_sim.coding import CODINGS
from aspis_sim.plugin import unless_broken
from aspis_sim.run.figures.price import bytes_sent, seconds_modelled
from aspis_sim.run.figures.published import published_fraction
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


def _values(job: Job) -> int | None:
    returned = unless_broken(lambda: job.returned)
    return None if returned is None else len(returned.files)


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
    return job.computed_by_server * job.samples_per_file * job.cell.local_steps * job.cell.steps or None


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
    Column("distortion_measured", float,
           "distorted values that entered the update, over f (workers' means: over K), mean over steps",
           value=_of_trace("distorted", _values), metric=Metric(counted=True, share=True)),
    Column("lost_measured", float, "files dropped, over f (workers' means: over K), mean over steps",
           value=_of_trace("lost", _values), metric=Metric(counted=True, share=True)),
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
    Column("kappa", float,
           "κ̂, the rule's realised coefficient, mean over steps: ‖update - m‖² over the mean of ‖x_i - m‖², x_i being "
           "the honest rows that it met and m their mean; none without shards",
           value=lambda job, result: result.kappa if result else None, metric=Metric()),
    Column("backdoor_success", float,
           "share of the test images of other classes that the final weights call the backdoor's target once stamped; "
           "none with another payload",
           value=lambda job, result: result.backdoor if result else None, metric=Metric(share=True)),
    Column("convicted", int, "workers convicted by audits, at the end of the run; none without audits",
           value=lambda job, result: result.convicted if result else None, metric=Metric(counted=True)),
    Column("disputes_audited", int, "disputed files that were audited, over the run; none without audits",
           value=lambda job, result: result.disputes if result else None, metric=Metric(counted=True)),
    Column("server_computed", int,
           "sample gradients that the server computed itself, for audits or a rule with samples of its own; else none",
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
