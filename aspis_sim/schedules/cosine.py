"""Half a cosine from the base rate down."""

import optax

from aspis_sim.errors import InputError
from aspis_sim.schedules.base import Schedule, warmed, whole_number


def cosine(steps: int, floor: float = 0.0, warmup: int = 0) -> Schedule:
    """Half a cosine from the base rate to ``floor`` times it (Loshchilov and Hutter, 2017, without restarts).

    Args:
        steps: at which the end is reached, the warm-up counted; those of the run unless given.
        floor: the last factor, 0 to 1.
        warmup: steps over which the rate first rises.

    Raises:
        InputError: an option out of its range, or a warm-up that leaves no step.
    """
    whole_number("steps", steps)
    whole_number("warmup", warmup, least=0)
    if isinstance(floor, bool) or not isinstance(floor, int | float) or not 0 <= floor <= 1:
        raise InputError(f"schedule: floor={floor}; it is a number from 0 to 1")
    if warmup >= steps:
        raise InputError(f"schedule: a warm-up of {warmup} steps leaves none of {steps}; take fewer")
    return warmed(optax.cosine_decay_schedule(1.0, steps - warmup, alpha=floor), warmup)
