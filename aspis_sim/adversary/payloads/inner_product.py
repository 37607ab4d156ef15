"""Fall of Empires, or inner-product manipulation: the honest mean, scaled and turned around."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows, weighted_mean


def inner_product(strength: float = 100.0, copies: bool = False) -> Payload:
    """-strength · mean of the honest gradients (Xie et al., UAI 2019; the code of Aspis uses 100).

    Args:
        strength: c, what the mean is multiplied by before it is turned around.
        copies: the mean is over the copies that honest workers return, as in the code of Aspis, so that a file counts
            as often as honest workers hold it; else each file counts once.
    """

    def lie(rows: Array, key: Array | None = None) -> Array:
        return -strength * mean_over_rows(rows)

    def counted(rows: Array, number: Array, key: Array | None = None) -> Array:
        return -strength * weighted_mean(rows, number)

    return Payload(lie, largest=lambda entry: entry * abs(strength), counted=counted if copies else None)
