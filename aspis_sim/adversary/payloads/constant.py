"""The constant payload: one large number everywhere."""

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload


def constant(strength: float = 100.0) -> Payload:
    """Every entry is -strength (the constant attack of Aspis and DETOX: 100, linear regression 10)."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return jnp.full_like(rows[0], -strength)

    return Payload(lie, reads_rows=False, largest=lambda entry: jnp.full_like(entry, abs(strength)))
