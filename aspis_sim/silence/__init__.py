"""Which honest workers return nothing in a step, one kind of silence a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.silence.base import Silence

SILENCES: Registry[None] = Registry(
    "silence",
    {
        "crash": "aspis_sim.silence.crash:crash",
        "random": "aspis_sim.silence.random:random",
        "slowest": "aspis_sim.silence.slowest:slowest",
    },
)


def silence(name: str, **parameters: Any) -> Silence:
    """Build the silence ``name``: from a key and a step to how long each worker takes.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return SILENCES.build(name, **parameters)


__all__ = ["SILENCES", "silence"]
