"""How the learning rate changes from step to step, one file a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.schedules.base import Schedule

SCHEDULES: Registry[None] = Registry(
    "schedule",
    {
        "constant": "aspis_sim.schedules.constant:constant",
        "step": "aspis_sim.schedules.step:step",
        "cosine": "aspis_sim.schedules.cosine:cosine",
    },
)


def schedule(name: str, steps: int, /, **parameters: Any) -> Schedule:
    """Build the schedule ``name`` of a run: from a step to what its base rate is multiplied by.

    Args:
        name: a registered schedule.
        steps: of the run; for schedules that end somewhere, unless ``parameters`` say where.
        parameters: of the schedule, ``warmup`` in all of them.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    ends = {"steps": steps} if SCHEDULES.accepts(name, "steps") else {}
    return SCHEDULES.build(name, **{**ends, **parameters})


__all__ = ["SCHEDULES", "schedule"]
