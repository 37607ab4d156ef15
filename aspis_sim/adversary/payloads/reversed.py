"""The reversed gradient: each file's own gradient, scaled and turned around."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows


def reversed_gradient(strength: float = 100.0) -> Payload:
    """-strength · the file's honest gradient (the reversed attack of Aspis; linear regression 10)."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return -strength * mean_over_rows(rows)

    return Payload(lie, scope="file", largest=lambda entry: entry * abs(strength))
