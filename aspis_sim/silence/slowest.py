"""Stragglers of a cluster of unlike workers: some are often too late, none always."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.errors import InputError
from aspis_sim.silence.base import Silence


def slowest(spread: float = 1.0) -> Silence:
    """The delay of a worker is exponential, its mean the worker's own, log-normal over the workers.

    The exponential tail of a step is the usual model of stragglers (Lee et al., "Speeding up distributed machine
    learning using codes", 2018); that means differ is what makes the same workers come late again and again.

    Args:
        spread: standard deviation of the logarithm of the workers' means, 0 or more: 0 is ``random``, at 1 the slowest
            of 15 workers takes some 5 times as long as the median one.

    Raises:
        InputError: a spread below 0.
    """
    if not 0 <= spread <= 50:
        raise InputError(f"silence slowest: spread={spread:g}; it is 0 (all workers alike) to 50")

    def delays(key: Array, step: Array | int, workers: int) -> Array:
        own, now = jax.random.split(key)
        means = jnp.exp(spread * jax.random.normal(own, (workers,)))
        return means * jax.random.exponential(jax.random.fold_in(now, step), (workers,))

    return delays
