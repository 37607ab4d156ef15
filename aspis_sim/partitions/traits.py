"""What a partition does, apart from how."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PartitionTraits:
    """What a partition does.

    Attributes:
        splits: whether every file has samples of its own; else all draw from all samples.
    """

    splits: bool = True
