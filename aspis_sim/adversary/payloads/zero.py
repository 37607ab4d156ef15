"""The zero payload: no gradient at all."""

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload


def zero() -> Payload:
    """Every entry is 0: it slows the training down rather than turning it."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return jnp.zeros_like(rows[0])

    return Payload(lie, reads_rows=False, largest=jnp.zeros_like)
