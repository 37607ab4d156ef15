"""Every file draws from all samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aspis_sim.partitions.base import Partition, Shards


def iid() -> Partition:
    """All files draw from one and the same batch of every step, taken from all samples: files of one distribution."""

    def shards(labels: NDArray[np.integer], files: int, generator: np.random.Generator) -> Shards:
        return [np.arange(len(labels))] * files

    return shards
