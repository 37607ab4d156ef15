"""The samples of every class shared out in random proportions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import InputError
from aspis_sim.partitions.base import Partition, Shards

LARGEST = 1e9
"""α from which on all shares are equal, long before their sum overflows."""


def dirichlet(alpha: float = 0.1) -> Partition:
    """For every class proportions p ~ Dirichlet(α, ..., α) over the files; its samples are cut at their sums.

    As in ByzFL; Hsu, Qi and Brown ("Measuring the effects of non-identical data distribution", arXiv 1909.06335) draw
    for every client proportions over the classes. Samples of a class are in random order. Small α give files of few
    classes and very different sizes. Other than in ByzFL, a file that would be left without a sample gets one of the
    file that has most: a file of a batch cannot be empty.

    Args:
        alpha: α, more than 0 and at most `LARGEST`.

    Raises:
        InputError: α is not in that range.
    """
    if not 0 < alpha <= LARGEST:
        raise InputError(
            f"heterogeneity dirichlet: alpha={alpha:g}; it is more than 0 and at most {LARGEST:g} "
            "(large: all files alike)"
        )

    def shards(labels: NDArray[np.integer], files: int, generator: np.random.Generator) -> Shards:
        parts: list[list[NDArray[np.int64]]] = [[] for _ in range(files)]
        for label in np.unique(labels):
            samples = generator.permutation(np.flatnonzero(labels == label))
            ends = np.cumsum(generator.dirichlet(np.full(files, alpha)))[:-1] * len(samples)
            for part, some in zip(parts, np.split(samples, ends.astype(int)), strict=True):
                part.append(some)
        return _none_empty([np.concatenate(part) for part in parts])

    return shards


def _none_empty(shards: Shards) -> Shards:
    sizes = np.array([len(shard) for shard in shards])
    for file in np.flatnonzero(sizes == 0):
        most = int(sizes.argmax())
        shards[file], shards[most] = shards[most][-1:], shards[most][:-1]
        sizes[file], sizes[most] = 1, sizes[most] - 1
    return shards
