"""The coordinate-wise median."""

from __future__ import annotations

from jax import Array

from aspis_sim.aggregation import order_statistics
from aspis_sim.aggregation.base import Rule


def median(lower: bool = False) -> Rule:
    """The median of each coordinate, exact; of an even number of rows the mean of the middle two.

    Yin et al., ICML 2018. NaN counts as larger than +Inf, so that fewer than half of the rows cannot push the
    result past the others by it; no row kept gives zeros.

    Args:
        lower: of an even number of rows, take the lower one of the middle two (as torch.median does).
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        return order_statistics.median(values, kept, lower)

    return Rule(aggregate, coordinatewise=True, takes_kept=True, exact=True)
