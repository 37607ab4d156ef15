"""Krum and Multi-Krum: the rows that lie closest to their nearest neighbours."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule, Tolerance
from aspis_sim.aggregation.distances import Geometry, geometry, mean_of_chosen, places
from aspis_sim.errors import InputError


def scores(seen: Geometry, f: Array | int, beyond: int, power: int = 2) -> Array:
    """Sum of the distances to the ``power`` of each row to its n - f - ``beyond`` nearest others, ``[n]``.

    A row that cannot be used scores Inf, as does one with too few usable neighbours.
    """
    neighbours = jnp.maximum(seen.number - f - beyond, 1)
    counted = places(seen.squared)  # a row itself is at place 0 or tied with it at distance 0
    terms = seen.squared if power == 2 else seen.squared ** (power / 2)
    total = jnp.sum(jnp.where(counted <= neighbours, terms, 0), axis=-1)
    return jnp.where(seen.usable, total, jnp.inf)


def tolerance(f: int, beyond: int) -> Tolerance:
    """Condition under which each row has an honest neighbour to be measured by."""
    if beyond not in (1, 2):
        raise InputError(f"beyond must be 1 (n-f-1 neighbours) or 2 (n-f-2), got {beyond}")
    return Tolerance(f, "n >= 2f + 3", lambda f: 2 * f + 3 if f else beyond + 1, "a row's neighbours could all lie")


def krum(f: int, beyond: int = 1, power: int = 2) -> Rule:
    """The row with the least sum of squared distances to its n - f - ``beyond`` nearest others.

    Blanchard et al., NeurIPS 2017. A row with NaN or Inf, or out of bounds
    (`aspis_sim.aggregation.distances`), is infinitely far from the others and never chosen while a usable row is there.
    Right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows, n >= 2f + 3.
        beyond: n - f - ``beyond`` neighbours are counted: 1 as in ByzFL, 2 as published.
        power: of the distances that are summed: 2 as published, 4 as in Blades, which squares twice.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen = geometry(values, kept)
        best = jnp.argmin(scores(seen, f, beyond, power))
        return jnp.where(seen.usable[best], values[best], jnp.nan)

    return Rule(aggregate, takes_kept=True, tolerance=tolerance(f, beyond))


def multi_krum(f: int, beyond: int = 1, power: int = 2, chosen: int | None = None, spared: int = 0) -> Rule:
    """The mean of the rows with the least Krum scores (Blanchard et al., NeurIPS 2017).

    NaN, Inf and range as in `krum`; if more than f rows cannot be used, the result is NaN.

    Args:
        f: Byzantine rows, n >= 2f + 3.
        beyond: n - f - ``beyond`` neighbours are counted: 1 as in ByzFL, 2 as published.
        power: of the distances that are summed: 2 as published, 4 as in Blades, which squares twice.
        chosen: how many rows are averaged, n - f - ``spared`` if not given.
        spared: rows left out beside f: 0 as in ByzFL, 2 as in the code of Aspis, which averages as many rows as it
            counts neighbours.

    Raises:
        InputError: ``spared`` is not 0, 1 or 2, or is given beside ``chosen``.
    """
    if spared not in (0, 1, 2):
        raise InputError(f"spared must be 0, 1 or 2 rows left out beside f, got {spared}")
    if chosen is not None and spared:
        raise InputError("multi_krum takes a number of rows (chosen) or how many are left out (spared), not both")

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen = geometry(values, kept)
        number = jnp.maximum(seen.number - f - spared, 1) if chosen is None else chosen
        best = places(scores(seen, f, beyond, power)) < number
        return mean_of_chosen(best, seen.rows, seen.usable)

    return Rule(aggregate, takes_kept=True, tolerance=tolerance(f, beyond))
