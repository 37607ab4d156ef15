"""What every partition is, and what files draw from their shards."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Shards = list[NDArray[np.int64]]
"""The samples of every file, as indices."""

Partition = Callable[[NDArray[np.integer], int, np.random.Generator], Shards]
"""``shards(labels, files, generator)``: labels of n samples, as many files, at most n; every sample is in one shard and
every shard has a sample, unless the partition says otherwise."""


def drawn(shards: Sequence[NDArray[np.int64]], samples_per_file: int, steps: int, seed: int) -> NDArray[np.int32]:
    """The samples of every step: each file goes through its shard epoch by epoch, every epoch in an order of its own.

    Args:
        shards: of every file.
        samples_per_file: that a file draws in a step; more than its shard holds come from several epochs.
        steps: of the run.
        seed: of the run; file j draws from a stream of its own, folded from the seed, "data" and j.

    Returns:
        Int32 ``[steps, f x samples per file]``, file by file; the first steps do not depend on how many follow.
    """
    order = np.empty((steps, len(shards), samples_per_file), np.int32)
    for file, shard in enumerate(shards):
        generator = np.random.default_rng([seed, zlib.crc32(b"data"), file])
        epochs = -(-steps * samples_per_file // len(shard))
        all_drawn = generator.permuted(np.tile(shard, (epochs, 1)), axis=1).reshape(-1)
        order[:, file] = all_drawn[: steps * samples_per_file].reshape(steps, samples_per_file)
    return order.reshape(steps, -1)


def by_label(labels: NDArray[np.integer], samples: NDArray[np.int64], files: int) -> Shards:
    """The samples sorted by label, those of a label in the order that they have, cut into consecutive shards."""
    return np.array_split(samples[np.argsort(labels[samples], kind="stable")], files)
