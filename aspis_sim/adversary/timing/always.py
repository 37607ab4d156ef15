"""Lies from the first step to the last, as attacks are published."""

from __future__ import annotations

from aspis_sim.adversary.timing.base import Timing


def always() -> Timing:
    """Lie in every step."""
    return lambda step, steps, exposed: True
