"""Payloads that are no numbers: one of them ends a training run that averages."""

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload


def nan() -> Payload:
    """Every entry is NaN."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return jnp.full_like(rows[0], jnp.nan)

    return Payload(lie, reads_rows=False)


def inf() -> Payload:
    """Every entry is +Inf."""

    def lie(rows: Array, key: Array | None = None) -> Array:
        return jnp.full_like(rows[0], jnp.inf)

    return Payload(lie, reads_rows=False)
