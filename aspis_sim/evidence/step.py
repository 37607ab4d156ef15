"""Every step is judged by itself, as published."""

from __future__ import annotations

from aspis_sim.evidence.base import Fresh


def step() -> Fresh:
    """Forget everything at every step: who an audit convicts is excluded in its own step alone."""
    return lambda step: True
