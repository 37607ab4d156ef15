"""What `train` measures of a model's scores beside accuracy and loss: functions that plugins bring."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from aspis_sim.registry import Registry

Metric = Callable[[NDArray[Any], NDArray[Any]], float]
"""From scores ``[samples, classes]`` (of a regression ``[samples]``) and labels ``[samples]`` to a number."""

METRICS: Registry[None] = Registry("metric", {})

TAKEN = (
    "step", "train_loss", "top1", "loss", "distorted", "lost", "excluded_byzantine", "excluded_honest", "outcome",
)  # fmt: skip
"""Names that no metric may have: those of the columns of a run's curve, beside which they stand."""

__all__ = ["METRICS", "TAKEN", "Metric"]
