"""A series of each seed made one: the mean over the seeds step by step, with its band."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aspis_sim.analysis.summary import FEW

Series = tuple[Sequence[int], Sequence[float]]
"""Steps, ascending, and the value at each."""


class Band(NamedTuple):
    """A mean over seeds by step, with its spread.

    Attributes:
        steps: that all seeds have, ascending.
        mean: at each.
        low, high: ends of its 95% interval (Student's t), no further than a value can be; of fewer than `FEW` seeds
            their range; of one seed the value itself. NaN where a value is not finite.
        seeds: how many.
    """

    steps: NDArray[np.int64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    seeds: int


def band_of(series: Sequence[Series], bounds: tuple[float, float]) -> Band:
    """The band of one or more series, at the steps that all of them have.

    Args:
        series: of the seeds.
        bounds: the least and the largest that a value can be.
    """
    from scipy.special import stdtrit

    common = sorted(set.intersection(*(set(steps) for steps, _ in series)))
    rows = [dict(zip(*one, strict=True)) for one in series]
    values = np.array([[row[step] for step in common] for row in rows], np.float64).reshape(len(rows), len(common))
    values[~np.isfinite(values)] = np.nan
    mean, count = values.mean(axis=0), len(rows)
    if count < FEW:
        low, high = values.min(axis=0, initial=np.inf), values.max(axis=0, initial=-np.inf)
    else:
        half = float(stdtrit(count - 1, 0.975)) * values.std(axis=0, ddof=1) / np.sqrt(count)
        low, high = np.maximum(mean - half, bounds[0]), np.minimum(mean + half, bounds[1])
    return Band(np.array(common, np.int64), mean, low, high, count)
