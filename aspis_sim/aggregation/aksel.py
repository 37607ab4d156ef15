"""AKSEL: the mean of the rows nearest to the coordinate-wise median."""

from __future__ import annotations

from jax import Array

from aspis_sim.aggregation import order_statistics
from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.nearest import mean_of_nearest


def aksel(f: int) -> Rule:
    """The mean of the n - f rows nearest to their coordinate-wise median (Boussetta et al., OPODIS 2020).

    They keep the rows within the median distance, about half of them; here f says how many are left out, as in the mode
    n-f of EPFL's library. A row with NaN or Inf, or whose distance overflows, is farthest; more than f of them give
    NaN. Right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return mean_of_nearest(values, kept, order_statistics.median(values, kept), f)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f))
