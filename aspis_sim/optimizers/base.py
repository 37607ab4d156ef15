"""What every optimizer of the server is, and what all of them check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
from jax import Array

from aspis_sim.errors import InputError


@dataclass(frozen=True)
class Optimizer:
    """From the update of every step to the direction along which the weights move, ``weights - rate * direction``.

    Attributes:
        directed: an optax transformation of updates ``[d]`` to directions ``[d]``; it may look at the weights.
        past: from its state to what it last moved along ``[d]``, as long as a gradient; zeros before the first step.
    """

    directed: optax.GradientTransformation
    past: Callable[[Any], Array]


class Remembered(NamedTuple):
    """The state of a transformation that does not say along what it last moved, and that."""

    own: Any
    past: Array


def remembering(directed: optax.GradientTransformation) -> Optimizer:
    """The optimizer that moves along these directions, and remembers the last one, as long as its update."""

    def begin(weights: Any) -> Remembered:
        return Remembered(directed.init(weights), jnp.zeros_like(weights))

    def along(update: Any, state: Any, weights: Any = None) -> tuple[Any, Remembered]:
        direction, own = directed.update(update, state.own, weights)
        return direction, Remembered(own, as_long_as(update, direction))

    return Optimizer(optax.GradientTransformation(begin, along), lambda state: state.past)


def as_long_as(update: Array, direction: Array) -> Array:
    """The direction ``[d]``, with the length of the update; zeros if it has none itself."""
    length = _length(direction)
    return jnp.where(length == 0, 0, direction / jnp.where(length == 0, 1, length) * _length(update))


def _length(vector: Array) -> Array:
    """The norm of a vector ``[d]``, whose largest entry is taken out first so that no square overflows."""
    peak = jnp.max(jnp.abs(vector))
    unit = vector / jnp.where(peak > 0, peak, 1)
    return peak * jnp.sqrt(jnp.einsum("d,d->", unit, unit))


def share(optimizer: str, option: str, value: object) -> None:
    """Refuse a decay that is no number in ``[0, 1)``.

    Raises:
        InputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise InputError(f"{optimizer}: {option}={value}; it is a number from 0 to 1 (1 excluded)")


def not_negative(optimizer: str, option: str, value: object, *, zero: bool = True) -> None:
    """Refuse an option that is no finite number of at least 0, or above it.

    Raises:
        InputError: it is not.
    """
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    if not fits or not (zero or value):
        raise InputError(
            f"{optimizer}: {option}={value}; it is a {'number of 0 or more' if zero else 'positive number'}"
        )
