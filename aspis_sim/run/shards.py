"""Which samples each file of a run has, where files differ in what they hold."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aspis_sim.partitions import PARTITIONS, partition
from aspis_sim.partitions.base import Shards, drawn
from aspis_sim.spec.part import parse_part

if TYPE_CHECKING:
    from aspis_sim.run.resolve import Job


def shards_of(job: Job) -> Shards | None:
    """The samples of each file, None where all files draw from all samples.

    They are drawn by NumPy from a stream of the data's seed, named "partition".
    """
    cell, part = job.cell, parse_part(job.cell.heterogeneity)
    if not PARTITIONS.traits(part.name).splits:
        return None
    seed = cell.seed if cell.data_seed is None else cell.data_seed
    generator = np.random.default_rng([seed, zlib.crc32(b"partition")])
    labels = job.network.samples(cell.seed).labels["train"]
    return partition(part.name, **part.options)(labels, len(job.assignment.files), generator)


def order_of(job: Job, shards: Shards | None) -> NDArray[np.int32] | None:
    """The samples of every step ``[steps, f x samples per file]`` from these shards, None without any."""
    return None if shards is None else drawn(shards, job.samples_per_file, job.cell.steps, job.cell.seed)
