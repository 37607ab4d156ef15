"""Samples sorted by label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aspis_sim.partitions.base import Partition, Shards, by_label


def extreme() -> Partition:
    """All samples sorted by label and cut into shards of equal size, to one: most files hold a single label.

    Samples of one label are in random order.
    """

    def shards(labels: NDArray[np.integer], files: int, generator: np.random.Generator) -> Shards:
        return by_label(labels, generator.permutation(len(labels)), files)

    return shards
