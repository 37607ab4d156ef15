"""The coordinate-wise trimmed mean."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation import order_statistics
from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.ranked_sums import sum_of_ranks


def trimmed_mean(f: int) -> Rule:
    """Per coordinate, the mean of what is left without the f largest and the f smallest values.

    Yin et al., ICML 2018. NaN counts as larger than +Inf: up to f of NaN and +Inf together, and f of -Inf,
    are trimmed away; more come back as what they are. With rows not kept, as many are trimmed; if that leaves
    none, the median is taken.

    Args:
        f: values trimmed at each end.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        if kept is None:
            return sum_of_ranks(values, f, len(values) - f) / (len(values) - 2 * f)
        number = kept.sum(dtype=jnp.int32)
        low = jnp.minimum(f, jnp.maximum(number - 1, 0) // 2)
        left = jnp.maximum(number - 2 * low, 1)
        trimmed = sum_of_ranks(values, low, low + left, kept) / left.astype(values.dtype)
        return jnp.where(number > 2 * f, trimmed, order_statistics.median(values, kept))

    return Rule(aggregate, coordinatewise=True, takes_kept=True, tolerance=majority(f, "trimming leaves nothing"))
