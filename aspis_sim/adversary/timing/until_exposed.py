"""Lies that stop once they are noticed: the adversary sees whom the server excludes."""

from __future__ import annotations

import numpy as np

from aspis_sim.adversary.timing.base import Timing
from aspis_sim.errors import InputError


def until_exposed(rest: int | None = None) -> Timing:
    """Lie until the server has excluded a Byzantine worker, and tell the truth from the next step on.

    A worker that an earlier lie has convicted stays excluded as long as the server remembers (`evidence`), whatever it
    returns meanwhile, so that with `rest` the adversary also waits for the server to forget.

    Args:
        rest: lie again after so many steps in a row in which none of them was excluded, 1 or more; none: never again.

    Raises:
        InputError: no steps of rest.
    """
    if rest is None:
        return lambda step, steps, exposed: ~exposed.any()
    if rest < 1:
        raise InputError(f"timing until-exposed: rest={rest}; it is 1 or more steps, or none to never lie again")
    return lambda step, steps, exposed: ~(exposed & (np.arange(steps) >= step - rest)).any()
