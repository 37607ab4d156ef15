"""Every random number of a run comes from one root key, folded by the name of its stream."""

import zlib
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.environment import PRNG
from aspis_sim.errors import InputError
from aspis_sim.limits import SEEDS

Stream = Literal[
    "audits", "augmentation", "buckets", "data", "init", "membership", "payload", "permutation", "root", "silence"
]

EPOCHS_A_CALL = 32


def root_key(seed: int) -> Array:
    """The root key of a seed, all 64 bits of which count, whatever the precision is.

    Raises:
        InputError: the seed is negative, or has more than 64 bits.
    """
    if not 0 <= seed < SEEDS:
        raise InputError(f"seed {seed}; seeds are 0 to 2**64 - 1 ({SEEDS - 1})")
    words = np.array([seed >> 32, seed & 0xFFFFFFFF], np.uint32)
    return jax.random.wrap_key_data(jnp.asarray(words), impl=PRNG)


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
        Int32 ``[draws]`` in ``0 .. n - 1``; the first ones do not depend on how many are drawn.
    """
    epochs = -(-draws // samples)
    parts = [_epochs(key, first, samples) for first in range(0, epochs, EPOCHS_A_CALL)]
    return jnp.concatenate(parts)[:draws].astype(jnp.int32)


def own_samples(key: Array, samples: int, wanted: int, a_file: int) -> Array:
    """Indices of the server's own training samples, the same throughout a run: int ``[files, a_file]``.

    Args:
        key: root key of the run.
        samples: training samples n, from which they are drawn with replacement.
        wanted: how many, rounded up to whole files.
        a_file: samples in a file.
    """
    return jax.random.randint(stream(key, "root"), (-(-wanted // a_file), a_file), 0, samples)


@partial(jax.jit, static_argnames="samples")
def _epochs(key: Array, first: int, samples: int) -> Array:
    def permutation(epoch: Array) -> Array:
        return jax.random.permutation(jax.random.fold_in(key, epoch), samples)

    return jax.vmap(permutation)(first + jnp.arange(EPOCHS_A_CALL)).reshape(-1)


def every_sample(samples: int, files: int) -> NDArray[np.int32]:
    """All samples in their order, split over the files as evenly as ``numpy.array_split`` does.

    Returns:
        Int32 ``[files, samples a file]``; a file that is shorter is filled up with the index ``samples``, which stands
        for a sample of zeros.
    """
    size, longer = divmod(samples, files)
    order = np.full((files, size + (longer > 0)), samples, np.int32)
    for file, some in enumerate(np.array_split(np.arange(samples), files)):
        order[file, : len(some)] = some
    return order
