"""Minimum-diameter averaging: the mean of the n - f rows that lie closest together."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.cover import has_cover
from aspis_sim.aggregation.distances import geometry, mean_of_chosen


def least_diameter(squared: Array, f: int) -> Array:
    """The subset of n - f rows of least diameter, bool ``[n]``; the first in lexicographic order.

    n - f rows within a distance t of each other exist exactly if f rows meet every pair that is farther
    apart. The least such t is found by bisection over the distances that occur. Then each row in turn is
    taken if a subset with it and all those taken before it exists.

    Args:
        squared: float ``[n, n]`` of squared distances, 0 on the diagonal, maybe Inf.
        f: rows left out, at least 1.
    """
    rows = len(squared)
    occurring = jnp.sort(squared.ravel())
    everyone = jnp.ones(rows, bool)

    def halve(bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = (low + high) // 2
        fits = has_cover(squared > occurring[middle], everyone, f, f)
        return jnp.where(fits, low, middle + 1), jnp.where(fits, middle, high)

    bounds = jnp.int32(0), jnp.int32(rows * rows - 1)
    place = lax.while_loop(lambda bounds: bounds[0] < bounds[1], halve, bounds)[0]
    far = squared > occurring[place]

    def decide(row: Array, left: Array) -> Array:
        taken = left & ~far[row]
        spent = rows - taken.sum(dtype=jnp.int32)
        wanted = left[row] & (left.sum(dtype=jnp.int32) > rows - f)
        fits = wanted & (spent <= f) & has_cover(far, taken, f - spent, f)
        alone = left & (jnp.arange(rows) != row)
        return jnp.where(fits, taken, jnp.where(wanted, alone, left))

    left = lax.fori_loop(0, rows, decide, everyone)
    return left & (jnp.cumsum(left) <= rows - f)


def mda(f: int) -> Rule:
    """The mean of the subset of n - f rows of least diameter, exact (El Mhamdi et al., 2020, Rousseeuw 1985).

    No subsets are listed: see `least_diameter`, whose work grows like n · 1.47^f. Of several subsets of
    the same diameter the first in lexicographic order counts, as in ByzFL. A row with NaN or Inf, or out
    of bounds (`aspis_sim.aggregation.distances`), is infinitely far from the others; more than f of them give NaN.
    Right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen = geometry(values)
        chosen = least_diameter(seen.squared, f) if f else jnp.ones(len(values), bool)
        return mean_of_chosen(chosen, seen.rows, seen.usable)

    return Rule(aggregate, tolerance=majority(f), order_free=False)
