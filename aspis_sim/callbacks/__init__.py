"""What `train` calls along a run's curve: functions that plugins bring."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aspis_sim.registry import Registry


@dataclass(frozen=True)
class Moment:
    """A run at a point of its curve.

    Attributes:
        step: steps done.
        steps: of the whole run.
        top1: on test data, None without classes.
        loss: mean test loss.
        parameters: of the model as flax names them, a tree of NumPy arrays; they are copies.
    """

    step: int
    steps: int
    top1: float | None
    loss: float
    parameters: Any


Callback = Callable[[Moment], None]
"""What is done at a point of a run's curve; it changes nothing of the run."""

CALLBACKS: Registry[None] = Registry("callback", {})

__all__ = ["CALLBACKS", "Callback", "Moment"]
