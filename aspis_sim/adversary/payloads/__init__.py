"""What the Byzantine workers return instead of a gradient, one file a payload."""

from typing import Any

from aspis_sim.adversary.payloads.base import Payload, PayloadTraits, Prospect, Reach
from aspis_sim.aggregation import conventions
from aspis_sim.registry import Registry

PAYLOADS = Registry(
    "payload",
    {
        "alie": "aspis_sim.adversary.payloads.alie:alie",
        "backdoor": "aspis_sim.adversary.payloads.backdoor:backdoor",
        "constant": "aspis_sim.adversary.payloads.constant:constant",
        "fang": "aspis_sim.adversary.payloads.fang:fang",
        "farsighted": "aspis_sim.adversary.payloads.farsighted:farsighted",
        "gaussian": "aspis_sim.adversary.payloads.gaussian:gaussian",
        "hidden": "aspis_sim.adversary.payloads.hidden:hidden",
        "inf": "aspis_sim.adversary.payloads.nonfinite:inf",
        "inner_product": "aspis_sim.adversary.payloads.inner_product:inner_product",
        "label_flip": "aspis_sim.adversary.payloads.label_flip:label_flip",
        "mimic": "aspis_sim.adversary.payloads.mimic:mimic",
        "min_max": "aspis_sim.adversary.payloads.min_max:min_max",
        "min_sum": "aspis_sim.adversary.payloads.min_max:min_sum",
        "nan": "aspis_sim.adversary.payloads.nonfinite:nan",
        "optimised": "aspis_sim.adversary.payloads.optimised:optimised",
        "reversed": "aspis_sim.adversary.payloads.reversed:reversed_gradient",
        "rop": "aspis_sim.adversary.payloads.rop:rop",
        "sign_flip": "aspis_sim.adversary.payloads.sign_flip:sign_flip",
        "zero": "aspis_sim.adversary.payloads.zero:zero",
    },
    PayloadTraits(),
    {"backdoor": PayloadTraits(poisons="images"), "label_flip": PayloadTraits(poisons="labels")},
)


def payload(name: str, *, convention: str | None = None, **parameters: Any) -> Payload:
    """Build the payload ``name``: a pure function from honest rows ``[n, d]`` to one vector ``[d]`` (or one a row).

    Args:
        name: a registered payload.
        convention: "byzfl", "blades", "aspis" or "baruch": the options with which that library's or paper's
            attack of this name agrees, where ``parameters`` do not say otherwise.
        parameters: of the payload, for example ``strength``.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter the payload does not take.
    """
    usual = dict(conventions.defaults(conventions.PAYLOADS, convention, name))
    if name in PAYLOADS and PAYLOADS.accepts(name, "convention"):
        usual["convention"] = convention
    return PAYLOADS.build(name, **{**usual, **parameters})


__all__ = ["PAYLOADS", "Payload", "PayloadTraits", "Prospect", "Reach", "payload"]
