"""From the results in a table to what a reader wants first: means over seeds with intervals, gaps and reductions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.analysis.statistics import unit_of
from aspis_sim.run.row import Row

FEW = 4
"""Seeds from which an interval is given: with fewer it says more of their number than of the scheme."""


@dataclass(frozen=True)
class Mean:
    """A mean over seeds, with its spread.

    Attributes:
        value: the mean.
        low, high: ends of its 95% confidence interval (Student's t), no further than a value can be; with fewer than
            `FEW` values the smallest and the largest of them; None for one value.
        ranged: whether they are the range of the values, and no interval.
    """

    value: float
    low: float | None = None
    high: float | None = None
    ranged: bool = False

    @property
    def half_width(self) -> float | None:
        """Of an interval that lies evenly around the mean; None for a range and for one that is cut off."""
        if self.low is None or self.high is None or self.ranged:
            return None
        below, above = self.value - self.low, self.high - self.value
        return above if math.isclose(below, above, rel_tol=1e-9, abs_tol=1e-12) else None

    @property
    def ends(self) -> tuple[float, float]:
        """How far the spread reaches below and above the mean; nowhere for one value."""
        if self.low is None or self.high is None:
            return 0.0, 0.0
        return self.value - self.low, self.high - self.value


def spread_text(
    mean: Mean, sign: str = " ±", ends: str = " [{}, {}]", between: str = " ({}–{})", width: int = 0
) -> str:
    """What stands after a mean in percent: ``±4.1``, an interval that is cut off by its ends, or a range.

    Args:
        mean: of shares.
        sign: before half of an interval.
        ends: an interval by its ends.
        between: a range by its ends.
        width: of the number after the sign.

    Returns:
        Text, empty for one value.
    """
    if mean.low is None or mean.high is None:
        return ""
    if mean.half_width is not None:
        return f"{sign}{100 * mean.half_width:{width}.1f}"
    low, high = (f"{100 * end:.1f}".replace("100.0", "100") for end in (mean.low, mean.high))
    return (between if mean.ranged else ends).format(low, high)


def mean_of(values: Sequence[float], bounds: tuple[float, float] = (-math.inf, math.inf)) -> Mean:
    """The mean of one or more values with its 95% interval, or with their range where they are few.

    Args:
        values: of the seeds.
        bounds: the least and the largest that a value can be, such as 0 and 1 for an accuracy.
    """
    from scipy.special import stdtrit

    count = len(values)
    mean = min(max(math.fsum(values) / count, min(values)), max(values))  # of equal values, rounding leads out
    if count < 2:
        return Mean(mean)
    if count < FEW:
        return Mean(mean, min(values), max(values), ranged=True)
    unit = unit_of(values)
    deviation = unit * math.sqrt(math.fsum(((value - mean) / unit) ** 2 for value in values) / (count - 1))
    half = float(stdtrit(count - 1, 0.975)) * deviation / math.sqrt(count)
    return Mean(mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]))


@dataclass(frozen=True)
class Entry:
    """One scheme at one q: what is shown in one cell of the table.

    Attributes:
        rows: of the seeds, those that have results.
        failed: rows without results.
    """

    rows: tuple[Row, ...]
    failed: tuple[Row, ...]

    @property
    def some(self) -> Row:
        """One of its rows."""
        return (self.rows or self.failed)[0]

    @property
    def top1(self) -> Mean | None:
        """Top-1 over seeds."""
        values = [row["top1"] for row in self.rows]
        return None if not values or None in values else mean_of(values, (0.0, 1.0))

    @property
    def measured(self) -> float | None:
        """Measured distortion fraction, mean over seeds."""
        return self.mean("distortion_measured")

    @property
    def lost(self) -> float | None:
        """Fraction of files dropped, mean over seeds."""
        return self.mean("lost_measured")

    @property
    def detected(self) -> float | None:
        """Detection rate, mean over seeds."""
        return self.mean("detection_rate")

    @property
    def accused(self) -> float | None:
        """False accusation rate, mean over seeds."""
        return self.mean("false_accusation_rate")

    @property
    def theory(self) -> float | None:
        """Published distortion fraction, which counts the lost files where a weak attack is detected; None without."""
        return None if self.some["distortion_theory"] is None else float(self.some["distortion_theory"])

    @property
    def as_published(self) -> bool:
        """Whether what was measured is what was published: distorted files, or lost ones where these are counted."""
        if self.measured is None or self.lost is None or self.theory is None:
            return False
        attack = self.some["attack"].partition(":")[0]
        counted = attack in TARGETINGS and TARGETINGS.traits(attack).published == "files held"
        lost = self.lost if counted and self.some["false_accusation_rate"] is not None else 0.0
        return math.isclose(self.measured + lost, self.theory, abs_tol=1e-9)

    @property
    def beyond_published(self) -> bool:
        """Whether more files were distorted than a published figure allows."""
        return None not in (self.measured, self.theory) and (self.measured or 0.0) > (self.theory or 0.0) + 1e-9

    @property
    def diverged(self) -> int:
        """Runs that diverged."""
        return sum(row["status"] == "diverged" for row in self.rows)

    def mean(self, column: str) -> float | None:
        """The mean of a column over the seeds, None if one of them has no such figure."""
        values = [row[column] for row in self.rows]
        return None if not values or None in values else math.fsum(values) / len(values)
