"""What an update makes of the weights: clipping, the server's optimizer and its learning rate."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
from jax import Array

from aspis_sim.gradients.clipping import clip_one
from aspis_sim.optimizers.base import Optimizer


class Remembered(NamedTuple):
    """The state of an optimizer that does not say along what it last moved, and that."""

    own: Any
    past: Array


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
        own = self.optimizer.directed.init(weights)
        return Remembered(own, jnp.zeros_like(weights)) if self.optimizer.past is None else own

    def moved(self, weights: Array, state: Any, update: Array, rate: Array) -> tuple[Array, Any]:
        """The weights ``[d]`` after an update ``[d]``, and the state of the optimizer."""
        update = update.astype(weights.dtype)
        if self.clip is not None:
            update = clip_one(update, self.clip)
        remembers = self.optimizer.past is None
        direction, own = self.optimizer.directed.update(update, state.own if remembers else state, weights)
        change, _ = optax.scale_by_learning_rate(rate).update(direction, optax.EmptyState())
        return weights + change, Remembered(own, as_long_as(update, direction)) if remembers else own

    def past(self, state: Any) -> Array:
        """What it last moved the weights along ``[d]``, as long as a gradient; zeros before the first step."""
        return state.past if self.optimizer.past is None else self.optimizer.past(state)


def as_long_as(update: Array, direction: Array) -> Array:
    """The direction ``[d]``, with the length of the update; zeros if it has none itself."""
    length = _length(direction)
    return jnp.where(length == 0, 0, direction / jnp.where(length == 0, 1, length) * _length(update))


def _length(vector: Array) -> Array:
    """The norm of a vector ``[d]``, whose largest entry is taken out first so that no square overflows."""
    peak = jnp.max(jnp.abs(vector))
    unit = vector / jnp.where(peak > 0, peak, 1)
    return peak * jnp.sqrt(jnp.einsum("d,d->", unit, unit))
