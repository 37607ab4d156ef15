"""Decay by a factor every so many steps."""

import optax

from aspis_sim.schedules.base import Schedule, real_number, warmed, whole_number


def step(factor: float = 0.95, every: int = 20, continuous: bool = False, warmup: int = 0) -> Schedule:
    """Step decay: x y^floor(t / z), as in Konstantinidis et al., with x the base rate.

    Args:
        factor: y, above 0 and at most 1.
        every: z, steps from one rate to the next.
        continuous: decay at every step, x y^(t / z).
        warmup: steps over which the rate first rises to x.

    Raises:
        InputError: an option out of its range.
    """
    real_number("factor", factor, 0, 1)
    whole_number("every", every)
    return warmed(optax.exponential_decay(1.0, every, factor, staircase=not continuous), warmup)
