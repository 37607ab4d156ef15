"""Softmax regression: one dense layer on the flattened input."""

import flax.linen as nn
from jax import Array

from aspis_sim.models.base import Model


class _Softmax(nn.Module):
    classes: int

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        return nn.Dense(self.classes)(inputs.reshape(len(inputs), -1))


def softmax(classes: int) -> Model:
    """Softmax regression (650 parameters on the digits)."""
    return Model(_Softmax(classes))
