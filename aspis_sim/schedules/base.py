"""What every schedule is, and the warm-up that any of them can have."""

from collections.abc import Callable

import optax
from jax import Array

from aspis_sim.errors import InputError

Schedule = Callable[[Array], Array | float]
"""From the number of steps done to the factor of the base rate; pure, compiled with the step."""


def warmed(schedule: Schedule, warmup: int) -> Schedule:
    """The schedule after ``warmup`` steps whose factors rise linearly to 1: ``1/n, 2/n, ..., n/n``.

    The schedule itself begins after them, with its own step 0 (Goyal et al., "Accurate, large minibatch SGD", 2017).

    Raises:
        InputError: the number of steps is not a whole number of 0 or more.
    """
    whole_number("warmup", warmup, least=0)
    if warmup == 0:
        return schedule
    rise = optax.linear_schedule(1 / warmup, 1 + 1 / warmup, warmup)
    return optax.join_schedules([rise, schedule], [warmup])


def whole_number(option: str, value: object, least: int = 1) -> None:
    """Refuse an option that counts steps and is not a whole number of at least ``least``.

    Raises:
        InputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"schedule: {option}={value}; it is a whole number of steps, {least} or more")


def real_number(option: str, value: object, above: float, most: float) -> None:
    """Refuse an option that is no number in ``(above, most]``.

    Raises:
        InputError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= most:
        raise InputError(f"schedule: {option}={value}; it is a number above {above:g}, {most:g} at most")
