"""Lies that begin once the model is trained to some extent, and the server has seen nothing but the truth."""

from __future__ import annotations

from aspis_sim.adversary.timing.base import Timing
from aspis_sim.errors import InputError


def late(after: float = 0.5) -> Timing:
    """Tell the truth for the first share of the run's steps, and lie from then on.

    Args:
        after: that share, 0 (lie in every step) to 1 (in none); it is rounded to whole steps.

    Raises:
        InputError: a share below 0 or above 1.
    """
    if not 0 <= after <= 1:
        raise InputError(f"timing late: after={after:g}; it is a share of the run's steps, 0 to 1")
    return lambda step, steps, exposed: step >= round(after * steps)
