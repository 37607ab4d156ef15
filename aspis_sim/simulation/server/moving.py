"""What an update makes of the weights: clipping, the server's optimizer and its learning rate."""

from dataclasses import dataclass
from typing import Any

import optax
from jax import Array

from aspis_sim.gradients.clipping import clip_one
from aspis_sim.optimizers.base import Optimizer


@dataclass(frozen=True)
class Mover:
    """The server's optimizer, which keeps a state between steps.

    Attributes:
        optimizer: from updates to directions.
        clip: norm to which the server clips an update, None not to.
    """

    optimizer: Optimizer
    clip: float | None = None

    def begin(self, weights: Array) -> Any:
        """The state of the optimizer before the first step."""
        return self.optimizer.directed.init(weights)

    def moved(self, weights: Array, state: Any, update: Array, rate: Array) -> tuple[Array, Any]:
        """The weights ``[d]`` after an update ``[d]``, and the state of the optimizer."""
        update = update.astype(weights.dtype)
        if self.clip is not None:
            update = clip_one(update, self.clip)
        direction, state = self.optimizer.directed.update(update, state, weights)
        change, _ = optax.scale_by_learning_rate(rate).update(direction, optax.EmptyState())
        return weights + change, state

    def past(self, state: Any) -> Array:
        """What it last moved the weights along ``[d]``, as long as a gradient; zeros before the first step."""
        return self.optimizer.past(state)
