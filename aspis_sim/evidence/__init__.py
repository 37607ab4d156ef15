"""How long the server remembers who has disagreed and who was convicted, one length of memory a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.evidence.base import Fresh

EVIDENCE: Registry[None] = Registry(
    "evidence",
    {
        "step": "aspis_sim.evidence.step:step",
        "run": "aspis_sim.evidence.run:run",
        "window": "aspis_sim.evidence.window:window",
    },
)


def evidence(name: str, **parameters: Any) -> Fresh:
    """Build the memory ``name``: from a step's number to whether everything before it is forgotten.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return EVIDENCE.build(name, **parameters)


__all__ = ["EVIDENCE", "evidence"]
