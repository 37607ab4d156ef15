"""Divide and conquer: rows that stick out along the main direction of a sample of coordinates are dropped."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.caf import centred_products
from aspis_sim.aggregation.distances import Geometry, geometry, mean_of_chosen, places
from aspis_sim.errors import InputError
from aspis_sim.streams import root_key


def dnc(f: int, iterations: int = 1, dimensions: int = 10_000, drop: float = 1.0, seed: int = 0) -> Rule:
    """Spectral filtering on sampled coordinates (Shejwalkar and Houmansadr, NDSS 2021, algorithm 2).

    Each iteration centres ``dimensions`` random coordinates, projects the rows on the top singular vector,
    and drops the ``drop``·f rows with the largest squared projection; the mean is over the rows that no
    iteration dropped. The coordinates are drawn from ``seed``, the same at every call; all are taken if d
    is no larger. A row with NaN or Inf, or out of bounds (`aspis_sim.aggregation.distances`), is dropped first;
    more than f of them give NaN. Right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows.
        iterations: how many samples of coordinates.
        dimensions: coordinates a sample.
        drop: rows dropped an iteration, in multiples of f.
        seed: of the coordinates.
    """
    if iterations < 1 or dimensions < 1 or drop < 0:
        raise InputError(
            "dnc needs iterations and dimensions of 1 or more and drop of 0 or more, "
            f"got {iterations}, {dimensions}, {drop}"
        )

    def dropped(seen: Geometry) -> Array:
        both = seen.usable[:, None] & seen.usable
        squared = jnp.where(both, seen.squared, 0)
        share = seen.usable.astype(squared.dtype) / jnp.maximum(seen.usable.sum(), 1).astype(squared.dtype)
        _, vectors = jnp.linalg.eigh(jnp.where(both, centred_products(squared, share), 0))
        score = jnp.where(seen.usable, jnp.square(vectors[:, -1]), jnp.inf)
        return places(-score) < round(drop * f)

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        seen = geometry(values)
        gone = jnp.zeros(len(values), bool)
        for key in jax.random.split(root_key(seed), iterations):
            sample = seen
            if values.shape[1] > dimensions:
                columns = jax.random.choice(key, values.shape[1], (dimensions,), replace=False)
                sample = geometry(values[:, columns], seen.usable)
            gone |= dropped(sample)
        return mean_of_chosen(~gone, seen.rows, seen.usable)

    return Rule(aggregate, tolerance=majority(f))
