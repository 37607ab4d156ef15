"""What was seen counts until the end of a window of steps: for workers that change from time to time."""

from __future__ import annotations

from aspis_sim.errors import InputError
from aspis_sim.evidence.base import Fresh


def window(length: int = 50) -> Fresh:
    """Forget everything at the beginning of every window.

    Args:
        length: steps in a window, 1 or more.

    Raises:
        InputError: a window of no steps.
    """
    if length < 1:
        raise InputError(f"evidence window: length={length}; a window has 1 or more steps")
    return lambda step: step % length == 0
