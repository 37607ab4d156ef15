"""What the Byzantine workers return instead of a gradient, one file a payload."""

from typing import Any

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.registry import Registry

PAYLOADS = Registry(
    "payload",
    {
        "alie": "aspis_sim.adversary.payloads.alie:alie",
        "constant": "aspis_sim.adversary.payloads.constant:constant",
        "inner_product": "aspis_sim.adversary.payloads.inner_product:inner_product",
        "reversed": "aspis_sim.adversary.payloads.reversed:reversed_gradient",
    },
)


def payload(name: str, **parameters: Any) -> Payload:
    """Build the payload ``name``: a pure function from honest rows ``[n, d]`` to one vector ``[d]``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter the payload does not take.
    """
    return PAYLOADS.build(name, **parameters)


__all__ = ["PAYLOADS", "Payload", "payload"]
