"""What an update makes of the weights: clipping, momentum and the learning rate of the server."""

from dataclasses import dataclass
from typing import Any

import optax
from jax import Array

from aspis_sim.gradients.clipping import clip_one


@dataclass(frozen=True)
class Mover:
    """The server's optimizer, which keeps a state between steps.

    Attributes:
        momentum: of the server.
        clip: norm to which it clips an update, None not to.
    """

    momentum: float
    clip: float | None

    def moved(self, weights: Array, optimizer: Any, update: Array, rate: Array) -> tuple[Array, Any]:
        """The weights ``[d]`` after an update ``[d]``, and the state of the optimizer."""
        update = update.astype(weights.dtype)
        if self.clip is not None:
            update = clip_one(update, self.clip)
        change, optimizer = optax.sgd(rate, momentum=self.momentum).update(update, optimizer)
        return weights + change, optimizer

    def past(self, optimizer: Any) -> Array:
        """What it last moved the weights along ``[d]``, as long as a gradient; zeros before the first step."""
        return (1 - self.momentum) * optax.tree_utils.tree_get(optimizer, "trace")
