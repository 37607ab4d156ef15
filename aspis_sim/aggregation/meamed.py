"""Mean around the median: per coordinate, the mean of the values nearest to the median."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.order_statistics import median
from aspis_sim.aggregation.ranked_sums import mean_of_nearest


def meamed(f: int, lower: bool = False) -> Rule:
    """Per coordinate, the mean of the n - f values nearest to the median (Xie et al., 2018).

    Values equally far from the median that compete for the last places share them evenly. NaN and Inf are
    farther than every finite value; more than f of them in a coordinate spoil it.

    Args:
        f: values left out in each coordinate.
        lower: of an even number of rows, take the lower one of the middle two as the median (as torch does).
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        centre = median(values, kept, lower)
        if kept is None:
            return mean_of_nearest(values, centre, len(values) - f)
        number = jnp.maximum(kept.sum(dtype=jnp.int32) - f, 1)
        return lax.cond(
            kept.any(), lambda centre: mean_of_nearest(values, centre, number, kept), jnp.zeros_like, centre
        )

    return Rule(aggregate, coordinatewise=True, takes_kept=True, tolerance=majority(f))
