"""Fall of Empires, or inner-product manipulation: the honest mean, scaled and turned around."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows


def inner_product(strength: float = 100.0) -> Payload:
    """-strength · mean of the honest gradients (Xie et al., UAI 2019; the code of Aspis uses 100)."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return -strength * mean_over_rows(rows)

    return Payload(lie, largest=lambda entry: entry * abs(strength))
