"""A plugin's model, named in what it raises, its scores and loss checked when its weights are first drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import jax
from jax import Array
from jax.typing import ArrayLike

from aspis_sim.models.base import Model
from aspis_sim.plugin.part import Part, described


@dataclass(frozen=True, kw_only=True)
class GuardedModel(Model):
    """A `Model` that does what another does.

    Attributes:
        own: the plugin's model.
        part: what to name.
        classes: that scores must have, 0 for a regression.
    """

    own: Model
    part: Part
    classes: int

    def initialise(self, key: Array, inputs: ArrayLike) -> Any:
        """Draw initial parameters, after a look at the shapes of scores and loss on two samples.

        Raises:
            PluginError: the model raises, or its scores or loss have another shape than those of a model.
        """
        with self.part.blamed():
            parameters = self.own.initialise(key, inputs)
        two = jax.ShapeDtypeStruct((2, *jax.numpy.shape(inputs)[1:]), jax.numpy.result_type(inputs))
        labels = jax.ShapeDtypeStruct((2,), "int32" if self.classes else two.dtype)
        with self.part.blamed():
            scores = jax.eval_shape(self.own.scores, parameters, two)
            loss = jax.eval_shape(self.own.loss, parameters, two, labels)
        expected = (2, self.classes) if self.classes else (2,)
        if getattr(scores, "shape", None) != expected:
            sizes = ", ".join(map(str, expected))
            raise self.part.refuses(f"returned {described(scores)} as the scores of 2 samples, not [{sizes}]")
        if getattr(loss, "shape", None) != ():
            raise self.part.refuses(f"returned {described(loss)} as the loss, not one number")
        return parameters

    def scoring(self) -> Self:
        """As the plugin's model."""
        return replace(self, own=self.own.scoring())

    def statistics(self, inputs: ArrayLike) -> Any:
        """As the plugin's model."""
        with self.part.blamed():
            return self.own.statistics(inputs)

    def scores(self, parameters: Any, inputs: Array) -> Array:
        """As the plugin's model."""
        with self.part.blamed():
            return self.own.scores(parameters, inputs)

    def loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """As the plugin's model."""
        with self.part.blamed():
            return self.own.loss(parameters, inputs, labels)

    def mean_loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """As the plugin's model."""
        with self.part.blamed():
            return self.own.mean_loss(parameters, inputs, labels)

    def correct(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """As the plugin's model."""
        with self.part.blamed():
            return self.own.correct(parameters, inputs, labels)
