"""What every model is to the simulator: initial weights, the loss of a file, the scores of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import optax
from jax import Array
from jax.typing import ArrayLike


@dataclass(frozen=True)
class Model:
    """A classifier: a flax module with the softmax cross-entropy.

    Attributes:
        module: maps inputs ``[samples, ...]`` to scores ``[samples, classes]``.
    """

    module: nn.Module

    def initialise(self, key: Array, inputs: ArrayLike) -> Any:
        """Draw initial parameters for inputs shaped like ``inputs``."""
        return self.module.init(key, inputs)

    def scores(self, parameters: Any, inputs: Array) -> Array:
        """Class scores ``[samples, classes]``."""
        return self.module.apply(parameters, inputs)

    def loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """Mean cross-entropy over the samples, a scalar."""
        scores = self.scores(parameters, inputs)
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, labels))
