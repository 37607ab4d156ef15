"""In which steps the Byzantine workers lie, one timing a file."""

from __future__ import annotations

from typing import Any

from aspis_sim.adversary.timing.base import Timing, TimingTraits
from aspis_sim.registry import Registry

TIMINGS = Registry(
    "timing",
    {
        "always": "aspis_sim.adversary.timing.always:always",
        "late": "aspis_sim.adversary.timing.late:late",
        "bursts": "aspis_sim.adversary.timing.bursts:bursts",
        "until-exposed": "aspis_sim.adversary.timing.until_exposed:until_exposed",
    },
    TimingTraits(),
    {"always": TimingTraits(every_step=True)},
)


def timing(name: str, **parameters: Any) -> Timing:
    """Build the timing ``name``: from a step, and the steps that have exposed a liar, to whether Byzantine workers lie.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return TIMINGS.build(name, **parameters)


__all__ = ["TIMINGS", "Timing", "TimingTraits", "timing"]
