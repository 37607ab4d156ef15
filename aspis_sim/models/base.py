"""What every model is to the simulator: initial weights, the loss of a file, what is right on a part of the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import flax.linen as nn
import jax.numpy as jnp
import optax
from jax import Array
from jax.typing import ArrayLike

from aspis_sim.environment import check_asserts
from aspis_sim.streams import root_key

STATISTICS = "batch_stats"
"""flax's name of what batch norms keep beside the parameters: running means and variances."""


@dataclass(frozen=True)
class Model:
    """A classifier: a flax module with the softmax cross-entropy.

    A module with batch norm asks ``is_mutable_collection(STATISTICS)`` whether it is trained; its parameters may have
    the running statistics beside them under that name.

    Attributes:
        module: maps inputs ``[samples, ...]`` to scores ``[samples, classes]``.
        sums: whether the loss of a file is a sum over its samples, and not their mean.
        trains: whether batch norms use the statistics of the inputs (and bring the running ones up to date), and not
            the running ones.
    """

    module: nn.Module
    sums: bool = False
    trains: bool = True

    def scoring(self) -> Self:
        """The model as it is scored: with the running statistics in the place of those of the inputs."""
        return replace(self, trains=False)

    def initialise(self, key: Array, inputs: ArrayLike) -> Any:
        """Draw initial parameters for inputs shaped like ``inputs``, without statistics.

        Raises:
            InputError: Python leaves out assert statements, without which flax does not work.
        """
        check_asserts()
        return {name: part for name, part in self.module.init(key, inputs).items() if name != STATISTICS}

    def statistics(self, inputs: ArrayLike) -> Any:
        """Running statistics before the first step, under their name; empty for a module without batch norm."""
        made = self.module.init(root_key(0), inputs)
        return {name: part for name, part in made.items() if name == STATISTICS}

    def scores(self, parameters: Any, inputs: Array) -> Array:
        """Class scores ``[samples, classes]``."""
        if not self.trains:
            return self.module.apply(parameters, inputs)
        return self.module.apply(parameters, inputs, mutable=[STATISTICS])[0]

    def loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """Mean cross-entropy over the samples, a scalar, in float32 at least."""
        scores = in_float32(self.scores(parameters, inputs))
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, labels))

    def mean_loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """Mean loss a sample, a scalar."""
        return self.loss(parameters, inputs, labels)

    def correct(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """How many samples have their highest score at their class."""
        return (self.scores(parameters, inputs).argmax(-1) == labels).sum()


def in_float32(values: Array) -> Array:
    """The values in float32 where their type is narrower: losses are computed and added up in it."""
    return values.astype(jnp.promote_types(values.dtype, jnp.float32))


@dataclass(frozen=True)
class Regression(Model):
    """A model of one real output, with half the sum of squared errors over the samples of a file."""

    sums: bool = True

    def loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """Half the sum of squared errors over the samples, a scalar, in float32 at least."""
        return jnp.sum(jnp.square(in_float32(self.scores(parameters, inputs)) - labels)) / 2

    def mean_loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """Half the mean squared error, a scalar."""
        return self.loss(parameters, inputs, labels) / len(labels)

    def correct(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """0: nothing is right or wrong here."""
        return jnp.zeros((), int)
