"""What every optimizer of the server is, and what all of them check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optax
from jax import Array

from aspis_sim.errors import InputError


@dataclass(frozen=True)
class Optimizer:
    """From the update of every step to the direction along which the weights move, ``weights - rate * direction``.

    Attributes:
        directed: an optax transformation of updates ``[d]`` to directions ``[d]``; it may look at the weights.
        past: from its state to what it last moved along ``[d]``, as long as a gradient; None where the state does not
            say, and the server remembers the direction by itself.
    """

    directed: optax.GradientTransformation
    past: Callable[[Any], Array] | None = None


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
