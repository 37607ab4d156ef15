"""Lies in bursts, with the truth between them."""

from __future__ import annotations

from aspis_sim.adversary.timing.base import Timing
from aspis_sim.errors import InputError


def bursts(period: int = 20, on: int = 10, offset: int = 0) -> Timing:
    """Lie in the first steps of every period, and tell the truth in the others.

    A server that remembers for a window of steps (`evidence`) forgets a burst before the next one if its window ends in
    between.

    Args:
        period: steps from the beginning of one burst to that of the next, 1 or more.
        on: steps of a burst, 1 to ``period``.
        offset: steps of truth before the first period, 0 or more.

    Raises:
        InputError: an option out of its range.
    """
    if period < 1:
        raise InputError(f"timing bursts: period={period}; a period has 1 or more steps")
    if not 1 <= on <= period:
        raise InputError(f"timing bursts: on={on}; a burst has 1 to period={period} steps")
    if offset < 0:
        raise InputError(f"timing bursts: offset={offset}; 0 or more steps of truth come first")
    return lambda step, steps, exposed: (step >= offset) & ((step - offset) % period < on)
