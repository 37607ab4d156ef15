"""Data sets, one file a source, each checked against its checksum before use."""

from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aspis_sim.data import search
from aspis_sim.data.base import PARTS, Dataset, DatasetTraits
from aspis_sim.errors import InputError
from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.data.files import Source

DATASETS = Registry(
    "data set",
    {
        "digits": "aspis_sim.data.digits:digits",
        "mnist": "aspis_sim.data.mnist:mnist",
        "fashion-mnist": "aspis_sim.data.fashion_mnist:fashion_mnist",
        "cifar10": "aspis_sim.data.cifar10:cifar10",
        "cifar100": "aspis_sim.data.cifar100:cifar100",
        "svhn": "aspis_sim.data.svhn:svhn",
        "synthetic": "aspis_sim.data.synthetic:synthetic",
        "linear-regression": "aspis_sim.data.linear_regression:linear_regression",
    },
    DatasetTraits(),
    {
        "digits": DatasetTraits(pixels=True, count=10),
        **dict.fromkeys(("mnist", "fashion-mnist", "cifar10", "svhn", "synthetic"), DatasetTraits(count=10)),
        "cifar100": DatasetTraits(count=100),
        "linear-regression": DatasetTraits(classes=False, suits={"model": "linear", "momentum": 0.0}),
    },
    filled=("run",),
)


DRAWN = 8
"""Data sets of single runs that are kept in memory, the last ones: a sweep may have thousands of seeds."""


def load(name: str, **parameters: Any) -> Dataset:
    """Read the data set ``name`` into memory, once a process for the same parameters and folders.

    Of data sets that differ from run to run, the last `DRAWN` are kept.

    Args:
        name: registered name.
        parameters: of the data set, where it takes any; hashable.

    Raises:
        InputError: unknown name (the nearest is named) or parameter.
        DataError: a file of it is missing or damaged.
    """
    kept = _drawn if "run" in parameters else _load
    try:
        return kept(name, tuple(sorted(parameters.items())), search.folders())
    except TypeError as error:
        if "unhashable" in str(error):
            raise InputError(f"data set {name!r}: parameters are numbers or texts ({error})") from None
        raise


@cache
def _load(name: str, parameters: tuple[tuple[str, Any], ...], folders: tuple[Path, ...]) -> Dataset:
    return DATASETS.build(name, **dict(parameters))


@lru_cache(DRAWN)
def _drawn(name: str, parameters: tuple[tuple[str, Any], ...], folders: tuple[Path, ...]) -> Dataset:
    return DATASETS.build(name, **dict(parameters))


def differs_by_run(name: str) -> bool:
    """Whether every run draws its own samples, from its seed."""
    return DATASETS.accepts(name, "run")


def as_run(name: str, parameters: tuple[tuple[str, Any], ...] = (), seed: int = 0) -> Dataset:
    """The data set as a run with this seed sees it; arguments and errors as those of `load`."""
    drawn = {"run": seed} if differs_by_run(name) else {}
    return load(name, **dict(parameters), **drawn)


def source(name: str) -> "Source | None":
    """The files that the data set ``name`` is read from, None if it comes with the package or a plugin or is made.

    Raises:
        InputError: unknown name (the nearest is named).
    """
    DATASETS.check(name)
    module = DATASETS.entries[name].split(":")[0]
    return getattr(import_module(module), "SOURCE", None) if module.startswith("aspis_sim.data.") else None


__all__ = ["DATASETS", "DRAWN", "PARTS", "Dataset", "DatasetTraits", "as_run", "differs_by_run", "load", "source"]
