"""What every kind of silence is: how long each worker takes, of whom the slowest are not waited for."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

Silence = Callable[[Array, "Array | int", int], Array]
"""``delays(key, step, workers)``: float ``[K]``; the key is that of the run's stream "silence", not of a step."""


def silent(delays: Array, byzantine: Array, count: int) -> Array:
    """The ``count`` honest workers with the longest delays, bool ``[K]``.

    Byzantine workers always answer: an adversary has no reason to wait, and the more honest workers are silent, the
    more its lies weigh.

    Args:
        delays: float ``[K]``, all different.
        byzantine: bool ``[K]``.
        count: s, at most the honest workers.
    """
    order = jnp.argsort(jnp.where(byzantine, -jnp.inf, delays))
    return jnp.zeros(len(delays), bool).at[order[len(delays) - count :]].set(True)
