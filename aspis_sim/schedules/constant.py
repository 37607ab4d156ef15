"""The same rate at every step."""

import optax

from aspis_sim.schedules.base import Schedule, warmed


def constant(warmup: int = 0) -> Schedule:
    """The base rate throughout.

    Args:
        warmup: steps over which the rate first rises to it.
    """
    return warmed(optax.constant_schedule(1.0), warmup)
