"""Which learning rate a search chooses, from validation data alone."""

import math
from collections.abc import Mapping
from typing import NamedTuple


class Validation(NamedTuple):
    """What a choice may rest on.

    Attributes:
        top1: of the final weights on validation data, None without classes.
        loss: likewise; NaN and infinities are worse than any number.
        failed: the run left no weights.
    """

    top1: float | None = None
    loss: float = math.inf
    failed: bool = False


def chosen(scores: Mapping[float, Validation]) -> float:
    """The rate with the best validation accuracy, then the smaller validation loss, then the smaller rate."""
    return min(scores, key=lambda rate: preference(scores[rate], rate))


def preference(score: Validation, rate: float) -> tuple[float, float, float]:
    """What to sort by: the better of two rates comes first."""
    if score.failed:
        return math.inf, math.inf, math.inf
    return -(score.top1 or 0.0), score.loss if math.isfinite(score.loss) else math.inf, rate
