"""Comparative gradient elimination: the mean of the shortest rows."""

from __future__ import annotations

from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.nearest import mean_of_nearest


def cge(f: int) -> Rule:
    """The mean of the n - f rows of least length (Gupta, Liu and Vaidya, 2021, who take their sum).

    A row with NaN or Inf, or whose length overflows, is the longest; more than f of them give NaN. Lengths as in
    `aspis_sim.aggregation.lengths.norms`: right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return mean_of_nearest(values, kept, None, f)

    return Rule(aggregate, takes_kept=True, tolerance=majority(f))
