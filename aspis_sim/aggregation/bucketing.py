"""Bucketing: rows are averaged in small groups before a rule sees them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Preaggregation
from aspis_sim.errors import InputError
from aspis_sim.streams import root_key


def bucketing(size: int, seed: int | None = None) -> Preaggregation:
    """Means of ``size`` rows each, the last of what is left: n rows become ceil(n / size).

    Karimireddy et al., ICLR 2022. A bucket with NaN or Inf in a coordinate is NaN or Inf there. The count
    f of Byzantine rows stays, so that the rule behind it must stand f among ceil(n / size).

    Args:
        size: rows a bucket, at least 1.
        seed: shuffle the rows by a permutation from this seed, the same at every call; None keeps their
            order.
    """
    if size < 1:
        raise InputError(f"bucketing needs a size of at least 1, got {size}")

    def average(values: Array, kept: Array | None = None) -> tuple[Array, Array | None]:
        rows = len(values)
        order = jnp.arange(rows) if seed is None else jax.random.permutation(root_key(seed), rows)
        shuffled = values if seed is None else values[order]
        present = None if kept is None else kept[order]
        starts = range(0, rows, size)
        means = [
            mean_over_rows(shuffled[i : i + size], None if present is None else present[i : i + size]) for i in starts
        ]
        used = None if present is None else jnp.stack([present[i : i + size].any() for i in starts])
        return jnp.stack(means), used

    return Preaggregation(average, takes_kept=True, order_free=False)
