"""Which runs' curves go into a page, and how they are made small: stretches of equal values, means of the others."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.analysis.bands import Band, band_of
from aspis_sim.analysis.tables import Tables
from aspis_sim.study import StoredTrace

RUNS = 4000
"""Most runs whose curves are kept."""
POINTS = 60
"""Most points of a curve, and stretches of a series."""


def sampled(tables: Tables, most: int = RUNS) -> list[int]:
    """The rows whose runs are shown: as many whole figures as there is room for.

    A figure is all schemes under one adversary at one q. One seed of every figure comes before a second of any, and
    among these the largest q, the smallest, then the others from above; the adversaries are taken in a random order
    that is the same each time, so that a study that does not fit is met evenly.
    """
    levels = sorted({q for table in tables.tables for _, q in table.indices}, reverse=True)
    rank = {q: place for place, q in enumerate([*levels[:1], *levels[-1:], *levels[1:-1]])}
    shuffled = np.random.default_rng(0).permutation(len(tables.tables)).tolist()
    figures: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for order, table in zip(shuffled, tables.tables, strict=True):
        for (_, q), members in table.indices.items():
            for turn, index in enumerate(members):
                figures[turn, rank[q], order].append(index)
    found: set[int] = set()
    for figure in sorted(figures):
        fits = found.union(figures[figure])
        if len(fits) > most:
            break
        found = fits
    return sorted(found)


def binned(values: NDArray[Any], most: int = POINTS) -> tuple[list[int], list[float]]:
    """The last step (from 1) and the mean of each of at most ``most`` equal stretches of a series."""
    if not len(values):
        return [], []
    edges = np.unique(np.linspace(0, len(values), min(most, len(values)) + 1).astype(int))
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.add.reduceat(np.asarray(values, np.float64), edges[:-1])
    return edges[1:].tolist(), (sums / np.diff(edges)).tolist()


def from_the_start(loss: NDArray[Any], most: int = POINTS) -> tuple[list[int], list[float]]:
    """A training loss by the number of steps done: that of the initial weights at 0, then means of equal stretches.

    A step's loss is of its batch before the update, so that the first one is that of the initial weights.
    """
    if not len(loss):
        return [], []
    ends, means = binned(loss[1:], most)
    return [0, *ends], [float(loss[0]), *means]


def stretches(values: NDArray[Any], most: int = POINTS) -> tuple[list[int], list[float]]:
    """The first step (from 1) and the value of each stretch of equal values of a series of counts.

    A series with more than ``most`` of them is given as means of equal stretches.
    """
    if not len(values):
        return [], []
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    if len(starts) <= most:
        return (starts + 1).tolist(), values[starts].tolist()
    ends, means = binned(values, most)
    return [1, *(end + 1 for end in ends[:-1])], means


def dominant(codes: NDArray[Any], most: int = POINTS) -> tuple[list[int], list[int]]:
    """As `stretches`, for names instead of counts: what is met most often stands for a stretch of several."""
    if not len(codes):
        return [], []
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    if len(starts) > most:
        starts = np.unique(np.linspace(0, len(codes), most + 1).astype(int))[:-1]
    parts = np.split(codes, starts[1:])
    return (starts + 1).tolist(), [int(np.bincount(part).argmax()) for part in parts]


def thinned(band: Band, most: int = POINTS) -> list[list[Any]]:
    """Steps, mean and ends of at most ``most`` of a band's points, the last one among them."""
    step = max(1, -(-len(band.steps) // most))
    return [column[::-1][::step][::-1].tolist() for column in band[:4]]


def as_data(runs: Sequence[StoredTrace]) -> dict[str, Any]:
    """The runs of one result as lists, for JSON: bands over the seeds, and the detector's steps of the first."""
    first = runs[0]
    tops = [[(step, 100 * top1) for step, top1, _ in run.curve if top1 is not None] for run in runs]
    losses = [[(step, loss) for step, _, loss in run.curve] for run in runs]
    return {
        "end": len(first.loss),
        "top1": _band([tuple(zip(*points, strict=True)) for points in tops if points], (0.0, 100.0)),
        "loss": _band([tuple(zip(*points, strict=True)) for points in losses if points], (0.0, np.inf)),
        "train": _band([from_the_start(run.loss) for run in runs], (0.0, np.inf)),
        "byzantine": stretches(first.excluded_byzantine),
        "honest": stretches(first.excluded_honest),
        "outcome": dominant(first.outcome),
    }


def _band(series: Sequence[Any], bounds: tuple[float, float]) -> list[list[Any]]:
    return thinned(band_of(series, bounds)) if series else [[], [], [], []]
