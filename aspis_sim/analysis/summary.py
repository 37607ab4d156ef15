"""From the results in a table to what a reader wants first: means over seeds with intervals, gaps and reductions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from aspis_sim.adversary.targeting import TARGETINGS
from aspis_sim.run.row import Row


@dataclass(frozen=True)
class Mean:
    """A mean over seeds.

    Attributes:
        value: the mean.
        half_width: of its 95% confidence interval (Student's t), None for fewer than two values.
    """

    value: float
    half_width: float | None


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one or more values with its 95% interval."""
    from scipy.special import stdtrit

    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Mean(mean, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    return Mean(mean, float(stdtrit(count - 1, 0.975)) * deviation / math.sqrt(count))


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
        return None if not values or None in values else mean_of(values)

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
    def theory(self) -> float:
        """Published distortion fraction (which may count the lost files, as under the weak attack)."""
        return self.some["distortion_theory"] or 0.0

    @property
    def as_published(self) -> bool:
        """Whether what was measured is what was published: distorted files, or lost ones where these are counted."""
        if self.measured is None or self.lost is None:
            return False
        attack = self.some["attack"].partition(":")[0]
        counted = attack in TARGETINGS and TARGETINGS.traits(attack).published == "files held"
        lost = self.lost if counted and self.some["false_accusation_rate"] is not None else 0.0
        return math.isclose(self.measured + lost, self.theory, abs_tol=1e-9)

    def mean(self, column: str) -> float | None:
        """The mean of a column over the seeds, None if one of them has no such figure."""
        values = [row[column] for row in self.rows]
        return None if not values or None in values else math.fsum(values) / len(values)
