"""How training samples are shared out over the files, one file a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.partitions.traits import PartitionTraits
from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.partitions.base import Partition

PARTITIONS = Registry(
    "heterogeneity",
    {
        "iid": "aspis_sim.partitions.iid:iid",
        "gamma": "aspis_sim.partitions.gamma:gamma",
        "dirichlet": "aspis_sim.partitions.dirichlet:dirichlet",
        "extreme": "aspis_sim.partitions.extreme:extreme",
    },
    PartitionTraits(),
    {"iid": PartitionTraits(splits=False)},
)


def partition(name: str, **parameters: Any) -> Partition:
    """Build the partition ``name``: from the labels of all samples to the shard of every file.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return PARTITIONS.build(name, **parameters)


__all__ = ["PARTITIONS", "Partition", "PartitionTraits", "partition"]
