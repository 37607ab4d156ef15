"""Bulyan: Krum chooses a committee, then each coordinate is averaged around the committee's median."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.base import Rule, Tolerance
from aspis_sim.aggregation.distances import geometry
from aspis_sim.aggregation.krum import scores
from aspis_sim.aggregation.order_statistics import median
from aspis_sim.aggregation.ranked_sums import mean_of_nearest


def bulyan(f: int, beyond: int = 2) -> Rule:
    """Bulyan of Krum (El Mhamdi et al., ICML 2018).

    n - 2f rows are chosen one by one, each as Krum's choice among the rows that are left; then, per
    coordinate, the n - 4f values of the committee nearest to its median are averaged. NaN, Inf and
    range as in `krum`.

    Args:
        f: Byzantine rows, n >= 4f + 3.
        beyond: Krum counts m - f - ``beyond`` neighbours among the m rows that are left, at least one.
    """

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
