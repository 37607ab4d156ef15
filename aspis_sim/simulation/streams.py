"""Every random number of a run comes from one root key, folded by the name of its stream."""

import zlib
from typing import Literal

import jax
from jax import Array

Stream = Literal["data", "init", "membership", "payload", "permutation"]


def stream(key: Array, name: Stream) -> Array:
    """The key of one named stream of a run; independent of the other streams of the same root key."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def sample_order(key: Array, samples: int, draws: int) -> Array:
    """Indices of ``draws`` training samples: epoch after epoch, each its own permutation of all samples.

    Args:
        key: of the stream "data".
        samples: training samples n.
        draws: how many indices, over all steps; a batch may span the end of an epoch.

    Returns:
        Int32 ``[draws]`` in ``0 .. n - 1``.
    """
    epochs = -(-draws // samples)
    permute = lambda epoch: jax.random.permutation(jax.random.fold_in(key, epoch), samples)  # noqa: E731
    return jax.vmap(permute)(jax.numpy.arange(epochs)).reshape(-1)[:draws]
