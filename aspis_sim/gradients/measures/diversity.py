"""How far the gradients of the files' own data are from each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from aspis_sim.environment import pinned
from aspis_sim.gradients.network import Network


def gradient_diversity(
    net: Network, weights: Array, train: tuple[Array, Array], shards: Sequence[NDArray[np.int64]]
) -> float | None:
    """G² = mean over the files of ‖∇f_i - ∇f‖², f_i being the mean loss over all of a file's shard and ∇f their mean.

    Allouah et al. (AISTATS 2023), bounded heterogeneity: their G² bounds it at every point; this is its value at one.

    Args:
        net: the model on its data.
        weights: float ``[d]``, at which it is taken.
        train: training inputs and labels.
        shards: of every file.

    Returns:
        G², from gradients in the run's precision, added up in float32 at least; None for a model with batch norms,
        whose loss is not a mean over samples.
    """
    with pinned(net.precision):
        if jax.tree.leaves(net.statistics):
            return None
        found = _measure(net)(weights, *train, *_chunks(shards))
        return float(str(np.asarray(found)))


def _chunks(shards: Sequence[NDArray[np.int64]]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Shards in chunks of one size, file by file.

    Returns:
        Samples ``[chunks, size]``, their share in their file's mean (0 for what only fills a chunk up), and for each
        chunk whether it is its file's last.
    """
    size = -(-sum(map(len, shards)) // len(shards))
    samples, shares, last = [], [], []
    for shard in shards:
        for start in range(0, len(shard), size):
            some = shard[start : start + size]
            missing = (0, size - len(some))
            samples.append(np.pad(some, missing))
            shares.append(np.pad(np.full(len(some), 1 / len(shard)), missing))
            last.append(start + size >= len(shard))
    return np.array(samples, np.int32), np.array(shares), np.array(last)


@lru_cache(8)
def _measure(net: Network) -> Callable[..., Array]:
    @jax.jit
    def measure(weights: Array, inputs: Array, labels: Array, samples: Array, shares: Array, last: Array) -> Array:
        def loss(own: Array, chosen: Array, share: Array) -> Array:
            each = lambda given, label: net.loss(net.unravel(own), given[None], label[None])  # noqa: E731
            return jnp.sum(jax.vmap(each)(inputs[chosen], labels[chosen]) * share.astype(own.dtype))

        def more(carry: tuple[Array, Array, Array], chunk: tuple[Array, Array, Array]) -> tuple[Any, None]:
            of_file, total, squares = carry
            chosen, share, done = chunk
            of_file = of_file + jax.grad(loss)(weights, chosen, share)
            square = jnp.sum(jnp.square(of_file))
            kept = (jnp.where(done, 0, of_file), total + jnp.where(done, of_file, 0), squares + done * square)
            return kept, None

        nothing = jnp.zeros_like(weights)
        start = (nothing, nothing, jnp.zeros((), weights.dtype))
        (_, total, squares), _ = lax.scan(more, start, (samples, shares, last))
        files = last.sum()
        return squares / files - jnp.sum(jnp.square(total / files))

    return measure
