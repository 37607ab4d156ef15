"""The mean of the rows nearest to a point."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.distances import mean_of_chosen, places
from aspis_sim.aggregation.lengths import norms


def mean_of_nearest(
    values: Array, kept: Array | None, centre: Array | None, left_out: int, zero: int | None = None
) -> Array:
    """The mean ``[d]`` of float rows ``[n, d]`` but for ``left_out``, those farthest from ``centre [d]``, 0 if None.

    A row with NaN or Inf, or whose distance overflows, is farthest; more than ``left_out`` of them give NaN. Of equal
    distances the first rows count. Distances as in `norms`, which ``zero`` tells of a row that is the centre itself.
    """
    away = norms(values, centre, kept, zero)
    usable = jnp.isfinite(away)
    if kept is not None:
        usable &= kept
    number = len(values) - left_out if kept is None else jnp.maximum(kept.sum(dtype=jnp.int32) - left_out, 1)
    nearest = places(jnp.where(usable, away, jnp.inf)) < number
    return mean_of_chosen(nearest, values, usable)
