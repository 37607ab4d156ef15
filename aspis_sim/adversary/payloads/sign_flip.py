"""Sign flip: the honest mean, turned around."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows


def sign_flip() -> Payload:
    """Minus the mean of the honest gradients (Li et al., AAAI 2019; Allen-Zhu et al., ICLR 2021)."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return -mean_over_rows(rows)

    return Payload(lie, largest=lambda entry: entry)
