"""Data sets, one file a source, each checked against its SHA-256 before use."""

from functools import cache

from aspis_sim.data.base import PARTS, Dataset
from aspis_sim.registry import Registry

DATASETS = Registry("data set", {"digits": "aspis_sim.data.digits:digits"})


@cache
def load(name: str) -> Dataset:
    """Read the data set ``name`` into memory, once a process.

    Raises:
        InputError: unknown name (the nearest is named).
        DataError: its file is missing or damaged.
    """
    return DATASETS.build(name)


__all__ = ["DATASETS", "PARTS", "Dataset", "load"]
