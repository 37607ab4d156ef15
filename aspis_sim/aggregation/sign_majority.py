"""The majority of the signs."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.average import sum_over_rows
from aspis_sim.aggregation.base import Rule


def sign_majority() -> Rule:
    """Per coordinate -1, 0 or 1: the sign that more rows have than the other (signSGD with majority vote).

    Bernstein et al., ICLR 2019. The length of the gradient is lost, so that equal rows come back as their
    signs. NaN has no vote, Inf has the vote of its sign.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        votes = jnp.where(jnp.isnan(values), 0, jnp.sign(values))
        voting = jnp.ones(len(values), bool) if kept is None else kept
        return jnp.sign(sum_over_rows(votes, voting)).astype(values.dtype)

    return Rule(aggregate, coordinatewise=True, takes_kept=True)
