"""Our curves beside the published ones, and how close they came.

The published figures were read off plots (an error of 0.3 points), are of two seeds each, and leave open the number of
buckets, the split, the order of the samples and most learning rates, under attacks that make accuracy swing by some
points between one checkpoint and the next. A final accuracy within `BAND` points of the published one therefore counts
as reproduced, and two schemes whose published curves end farther apart than that have to come in the same order.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from aspis_sim.data import source
from aspis_sim.reproduction.preset import Planned
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Replicates
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.sizes import dataset_of
from aspis_sim.study.records import StoredRun

BAND = 5.0
"""Points of top-1 that a final accuracy may be away from the published one."""


class Verdict(StrEnum):
    """How close a series came."""

    WITHIN = "within"
    OUTSIDE = "outside"
    CUT_SHORT = "cut short"
    ORDER_ONLY = "order only"
    FAILED = "failed"


@dataclass(frozen=True)
class Comparison:
    """One series of a figure, ours beside the published curve; accuracies are top-1 in percent.

    Attributes:
        figure, series: as published.
        q: Byzantine workers.
        published_first, published_best, published_final: at the first checkpoint, the highest, at the end.
        first, best, final: ours, the mean over the seeds; None if nothing came of them.
        difference: ``final`` - ``published_final``.
        verdict: a `Verdict`.
        dataset, model, workers, files, samples_per_file, batch_size, steps, lr, schedule, seeds: what ran.
        rate: where the learning rate is from.
        samples_processed: sample gradients that all workers computed in the runs of all seeds.
        seconds: of the runs.
        note: what else is assumed.
    """

    figure: str
    series: str
    q: int
    published_first: float
    published_best: float
    published_final: float
    first: float | None
    best: float | None
    final: float | None
    difference: float | None
    verdict: str
    dataset: str
    model: str
    workers: int
    files: int
    samples_per_file: int
    batch_size: int
    steps: int
    lr: float
    schedule: str
    seeds: str
    rate: str
    samples_processed: int
    seconds: float
    note: str


@dataclass(frozen=True)
class Point:
    """A point of a curve.

    Attributes:
        series: label of the curve.
        whose: "published" or "ours".
        checkpoint: from 1.
        share: of the whole run, 0 to 1.
        top1: in percent; ours is the mean over the seeds.
    """

    series: str
    whose: str
    checkpoint: int
    share: float
    top1: float


@dataclass(frozen=True)
class Order:
    """Two schemes with the same q whose published curves end more than `BAND` points apart.

    Attributes:
        better, worse: their labels, as published.
        published: points between them.
        ours: points between ours, negative if they come in the other order; None if one of them is missing.
    """

    better: str
    worse: str
    published: float
    ours: float | None

    @property
    def same(self) -> bool:
        """Whether ours come in the same order."""
        return self.ours is not None and self.ours > 0


def compare(
    runs: Sequence[Planned], results: Mapping[Replicates, Sequence[StoredRun]], as_published: bool
) -> list[Comparison]:
    """Every series that has a published curve beside it.

    Args:
        runs: of a preset.
        results: of the seeds of each group, as far as there are any.
        as_published: whether everything is as in the paper, so that the accuracies can be held against it.
    """
    return [_compared(run, results.get(run.group, ()), as_published) for run in runs if run.series.curve is not None]


def official(cell: Cell) -> bool:
    """Whether the cell's data are those that were published, by their sum."""
    files = source(parse_part(cell.dataset).name)
    return files is not None and dataset_of(cell).sha256 in files.published_sums()


def points(runs: Sequence[Planned], results: Mapping[Replicates, Sequence[StoredRun]]) -> list[Point]:
    """The published curve of every series, then ours."""
    found = []
    for run in runs:
        label, curve = run.series.label, run.series.curve
        for number, top1 in enumerate(curve.top1 if curve else (), 1):
            found.append(Point(label, "published", number, number / run.series.checkpoints, top1))
        for number, (step, top1) in enumerate(mean_curve(results.get(run.group, ())), 1):
            found.append(Point(label, "ours", number, step / run.steps, top1))
    return found


def mean_curve(results: Sequence[StoredRun]) -> list[tuple[int, float]]:
    """(step, top-1 in percent) of the mean over runs scored at the same steps; without step 0, as published."""
    scored: dict[int, list[float]] = {}
    for result in results:
        for step, top1, _ in result.trace.curve if result.trace else ():
            if step:
                scored.setdefault(step, []).append(100 * (top1 or 0.0))
    return [(step, math.fsum(values) / len(values)) for step, values in sorted(scored.items())]


def orders(comparisons: Sequence[Comparison]) -> list[Order]:
    """All pairs of series with the same q whose published order is clear."""
    found = []
    for pair in combinations(comparisons, 2):
        better, worse = sorted(pair, key=lambda one: -one.published_final)
        gap = better.published_final - worse.published_final
        if better.q == worse.q and gap > BAND:
            ours = None if better.final is None or worse.final is None else better.final - worse.final
            found.append(Order(better.series, worse.series, gap, ours))
    return found


def conclusion(comparisons: Sequence[Comparison], as_published: bool) -> list[str]:
    """What it comes to, in sentences: the verdict over all series, then pairs in another order; as in `compare`."""
    if any(one.verdict == Verdict.CUT_SHORT for one in comparisons):
        return ["Cut short: no verdict. Leave `max_steps` out for one."]
    pairs = orders(comparisons)
    kept = [pair for pair in pairs if pair.same]
    said = f"{len(kept)} of {len(pairs)} pairs that were published more than {BAND:g} points apart in the same order"
    if as_published:
        close = [one for one in comparisons if one.verdict == Verdict.WITHIN]
        whole = len(close) == len(comparisons) and len(kept) == len(pairs)
        said = (
            f"{'Reproduced' if whole else 'Not reproduced'}: {len(close)} of {len(comparisons)} series end within "
            f"{BAND:g} points of the published accuracy; {said}."
        )
    else:
        said = f"Not the paper's data, model or batch: no verdict on the accuracies. {said[0].upper()}{said[1:]}."
    return [said, *(_other_order(pair) for pair in pairs if not pair.same)]


def _other_order(pair: Order) -> str:
    ours = "one of ours is missing" if pair.ours is None else f"{pair.ours:+.1f} here"
    return f"{pair.better} against {pair.worse}: {pair.published:+.1f} points published, {ours}."


def _compared(run: Planned, results: Sequence[StoredRun], as_published: bool) -> Comparison:
    cell, curve = run.group.first, run.series.curve
    assert curve is not None
    top1 = [value for _, value in mean_curve(results)]
    final = top1[-1] if top1 else None
    difference = None if final is None else round(final - curve.final, 2)
    if results and results[0].cell is not None:
        cell = results[0].cell
    job = resolve(cell)
    return Comparison(
        figure=curve.figure,
        series=run.series.label,
        q=cell.q,
        published_first=curve.first,
        published_best=curve.best,
        published_final=curve.final,
        first=_rounded(top1[0] if top1 else None),
        best=_rounded(max(top1, default=None)),
        final=_rounded(final),
        difference=difference,
        verdict=_verdict(run, difference, as_published),
        dataset=cell.dataset,
        model=cell.model,
        workers=cell.workers,
        files=len(job.assignment.files),
        samples_per_file=job.samples_per_file,
        batch_size=job.batch_size,
        steps=cell.steps,
        lr=cell.lr,
        schedule=cell.schedule,
        seeds=" ".join(str(result.row["seed"]) for result in results),
        rate=run.series.rate,
        samples_processed=sum(result.row["samples_processed"] for result in results),
        seconds=round(math.fsum(result.row["seconds"] for result in results), 3),
        note=run.series.note,
    )


def _verdict(run: Planned, difference: float | None, as_published: bool) -> Verdict:
    if difference is None:
        return Verdict.FAILED
    if run.group.first.steps < run.steps:
        return Verdict.CUT_SHORT
    if not as_published:
        return Verdict.ORDER_ONLY
    return Verdict.WITHIN if abs(difference) <= BAND else Verdict.OUTSIDE


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
