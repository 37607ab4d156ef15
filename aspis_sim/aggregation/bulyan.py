"""Bulyan: Krum chooses a committee, then each coordinate is averaged around the committee's median."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule, Tolerance
from aspis_sim.aggregation.distances import geometry, places
from aspis_sim.aggregation.krum import scores
from aspis_sim.aggregation.order_statistics import median
from aspis_sim.aggregation.ranked_sums import mean_of_nearest, sum_of_ranks


def bulyan(f: int, beyond: int = 2, at_once: bool = False) -> Rule:
    """Bulyan of Krum (El Mhamdi et al., ICML 2018).

    n - 2f rows are chosen one by one, each as Krum's choice among the rows that are left; then, per
    coordinate, the n - 4f values of the committee nearest to its median are averaged. NaN, Inf and
    range as in `krum`.

    Args:
        f: Byzantine rows, n >= 4f + 3 (``at_once``: n >= 3f + 3).
        beyond: Krum counts m - f - ``beyond`` neighbours among the m rows that are left, at least one.
        at_once: as in the code of Aspis: the n - f - 2 rows with the least Krum scores are chosen together, and per
            coordinate all of their values but the f least and the f largest are averaged.
    """
    if at_once:
        return _chosen_at_once(f, beyond)

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen = geometry(values)

        def choose(step: Array, committee: Array) -> Array:
            left = ~committee
            distances = jnp.where(left[:, None] & left, seen.squared, jnp.inf)
            distances = jnp.where(jnp.eye(len(values), dtype=bool), 0, distances)
            view = seen._replace(squared=distances, usable=seen.usable & left, number=len(values) - step)
            return committee.at[jnp.argmin(scores(view, f, beyond))].set(True)

        committee = lax.fori_loop(0, len(values) - 2 * f, choose, jnp.zeros(len(values), bool))
        members = values[jnp.argsort(~committee, stable=True)[: len(values) - 2 * f]]
        return mean_of_nearest(members, median(members), len(values) - 4 * f)

    tolerance = Tolerance(f, "n >= 4f + 3", lambda f: 4 * f + 3 if f else 3, "the committee could lose its majority")
    return Rule(aggregate, tolerance=tolerance)


def _chosen_at_once(f: int, beyond: int) -> Rule:
    def aggregate(values: Array, kept: Array | None = None) -> Array:
        size = len(values) - f - 2
        best = places(scores(geometry(values), f, beyond)) < size
        members = values[jnp.argsort(~best, stable=True)[:size]]
        return sum_of_ranks(members, f, size - f) / (size - 2 * f)

    return Rule(
        aggregate,
        tolerance=Tolerance(f, "n >= 3f + 3", lambda f: 3 * f + 3, "trimming the n - f - 2 chosen rows leaves nothing"),
    )
