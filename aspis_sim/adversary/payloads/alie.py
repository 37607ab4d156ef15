"""A Little Is Enough: the mean of the honest gradients moved by a multiple of their standard deviation."""

from __future__ import annotations

import math

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows


def alie(strength: float = 1.0, ddof: int = 0) -> Payload:
    """ALIE: per coordinate, mean + strength · std of the honest gradients (Baruch et al., NeurIPS 2019).

    Args:
        strength: z, in standard deviations; a negative one moves the other way. The code published with
            Aspis uses 1.0 over all files, ByzFL 1.5.
        ddof: 0 for the population's standard deviation (Aspis), 1 for the sample's (ByzFL).
    """

    def lie(rows: Array, key: Array | None = None) -> Array:
        mean = mean_over_rows(rows)
        spread = mean_over_rows(jnp.square(rows - mean))
        return mean + strength * jnp.sqrt(spread * (len(rows) / (len(rows) - ddof))) if len(rows) > ddof else (
            jnp.full_like(mean, math.nan)
        )

    return Payload(lie, scope="round")
