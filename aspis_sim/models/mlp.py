"""A multilayer perceptron with one hidden layer of rectified units."""

import flax.linen as nn
from jax import Array

from aspis_sim.errors import InputError
from aspis_sim.models.base import Model


class _Perceptron(nn.Module):
    classes: int
    hidden: int

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        hidden = nn.relu(nn.Dense(self.hidden)(inputs.reshape(len(inputs), -1)))
        return nn.Dense(self.classes)(hidden)


def mlp(classes: int, hidden: int = 64) -> Model:
    """One hidden layer of 64 rectified units (4,810 parameters on the digits).

    Raises:
        InputError: fewer than 1 unit.
    """
    if hidden < 1:
        raise InputError(f"model 'mlp': hidden={hidden}; it is a whole number, 1 or more")
    return Model(_Perceptron(classes, hidden))
