"""A share of the samples spread at random, the others sorted by label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import InputError
from aspis_sim.partitions.base import Partition, Shards, by_label


def gamma(similarity: float = 0.5) -> Partition:
    """γ-similarity: of n samples in random order the first ⌊γn⌋ are spread evenly, the others sorted by label and cut.

    Karimireddy et al., "SCAFFOLD" (ICML 2020), as in ByzFL. At γ=1 shards are random samples of the data, at γ=0 those
    of `extreme`. Shards of both parts differ in size by at most one; a shard may get one more of each.

    Args:
        similarity: γ, 0 to 1.

    Raises:
        InputError: γ is not in 0..1.
    """
    if not 0 <= similarity <= 1:
        raise InputError(f"heterogeneity gamma: similarity={similarity:g}; it is 0 (sorted by label) to 1 (at random)")

    def shards(labels: NDArray[np.integer], files: int, generator: np.random.Generator) -> Shards:
        samples = generator.permutation(len(labels))
        alike = int(similarity * len(samples))
        spread = np.array_split(samples[:alike], files)[::-1]  # so that no shard gets one more of both, if it can be
        return [np.concatenate(both) for both in zip(spread, by_label(labels, samples[alike:], files), strict=True)]

    return shards
