"""The medoid: the row with the least sum of distances to the others."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule
from aspis_sim.aggregation.distances import geometry


def medoid() -> Rule:
    """The row with the least sum of distances to all rows: the geometric median among the rows themselves.

    Kaufman and Rousseeuw, "Clustering by means of medoids", 1987. A row with NaN or Inf, or out of bounds
    (`aspis_sim.aggregation.distances`), is never chosen while a usable row is there, and no row's sum counts it. Of
    equal sums the first row counts. Right from 1e-30 to 1e36 in float32.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen = geometry(values, kept)
        both = seen.usable[:, None] & seen.usable
        sums = jnp.sum(jnp.sqrt(jnp.where(both, seen.squared, 0)), axis=1)
        best = jnp.argmin(jnp.where(seen.usable, sums, jnp.inf))
        return jnp.where(seen.usable[best], values[best], jnp.nan)

    return Rule(aggregate, takes_kept=True)
