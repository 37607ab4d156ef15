"""The guards of parts that say how training goes and what is measured of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.callbacks import Callback, Moment
from aspis_sim.metrics import Metric
from aspis_sim.partitions.base import Partition, Shards
from aspis_sim.plugin.guards.functions import Factory
from aspis_sim.plugin.part import Part, described

if TYPE_CHECKING:
    from aspis_sim.optimizers.base import Optimizer
    from aspis_sim.schedules.base import Schedule

NUMBERS = tuple(map(np.dtype, ("int32", "int64", "float32", "float64")))
"""Types of a factor of the learning rate."""


def schedule(part: Part, factory: Factory) -> Factory:
    """A function from the number of steps done to one number, Python's own or of an array without axes."""

    @wraps(factory)
    def build(**options: Any) -> Schedule:
        built = _function(part, part.blaming(factory)(**options), "the step")

        def factor(step: Any) -> Any:
            told: Any = part.blaming(built)(step)
            shape, dtype = getattr(told, "shape", None), getattr(told, "dtype", None)
            plain = isinstance(told, int | float) and not isinstance(told, bool)
            if not plain and (shape != () or dtype not in NUMBERS):
                raise part.refuses(f"returned {described(told)} as the factor of the learning rate, not one number")
            return told

        return factor

    return build


def optimizer(part: Part, factory: Factory) -> Factory:
    """A pair of ``init`` and ``update`` as in optax, whose directions are like the updates ``[d]``."""

    @wraps(factory)
    def build(**options: Any) -> Optimizer:
        import optax

        from aspis_sim.optimizers.base import Optimizer, remembering

        built = part.blaming(factory)(**options)
        whole = isinstance(built, Optimizer)
        pair = built.directed if whole else built
        init, update = getattr(pair, "init", None), getattr(pair, "update", None)
        if not (callable(init) and callable(update)):
            raise part.refuses(f"returned {described(built)}, not a pair of init and update, as optax makes them")

        def directed(given: Any, state: Any, weights: Any = None) -> Any:
            told = part.blaming(update)(given, state, weights)
            if not isinstance(told, tuple) or len(told) != 2:
                raise part.refuses(f"returned {described(told)}, not a pair: the direction, and the state after")
            part.array(told[0], given.shape, given.dtype, f"the direction of {described(given)}")
            return told

        transformation = optax.GradientTransformation(part.blaming(init), directed)
        return Optimizer(transformation, part.blaming(built.past)) if whole else remembering(transformation)

    return build


def partition(part: Part, factory: Factory) -> Factory:
    """A function ``(labels, files, generator)`` to the samples of every file, as indices, one at least in each."""

    @wraps(factory)
    def build(**options: Any) -> Partition:
        built = _function(part, part.blaming(factory)(**options), "labels, files and generator")

        def shards(labels: NDArray[np.integer], files: int, generator: np.random.Generator) -> Shards:
            made = part.blaming(built)(labels.copy(), files, generator)
            if not isinstance(made, list | tuple | np.ndarray):
                raise part.refuses(f"returned {described(made)}, not a list with the samples of each of {files} files")
            if len(made) != files:
                raise part.refuses(f"returned the samples of {len(made)} files, not of {files}")
            return [_shard(part, file, one, len(labels)) for file, one in enumerate(made)]

        return shards

    return build


def metric(part: Part, measure: Factory) -> Metric:
    """A function ``(scores, labels)`` to one number."""

    @wraps(measure)
    def measured(scores: NDArray[Any], labels: NDArray[Any]) -> float:
        told: Any = part.blaming(measure)(scores.copy(), labels.copy())
        with part.blamed():
            number = np.asarray(told)
        if number.shape != () or number.dtype.kind not in "iuf":
            raise part.refuses(f"returned {described(told)}, not one number")
        return float(number)

    return measured


def callback(part: Part, called: Factory) -> Callback:
    """A function of a moment; what it returns is let be."""

    @wraps(called)
    def call(moment: Moment) -> None:
        part.blaming(called)(moment)

    return call


def _function(part: Part, built: Any, of: str) -> Callable[..., Any]:
    """What a factory has made, if it can be called."""
    if not callable(built):
        raise part.refuses(f"returned {described(built)}, not a function of {of}")
    return built


def _shard(part: Part, file: int, samples: Any, number: int) -> NDArray[np.int64]:
    """The samples of a file, out of so many, as indices."""
    with part.blamed():
        found = np.asarray(samples)
    if found.ndim == 1 and not found.size:
        raise part.refuses(f"gives no sample to file {file}; each needs one at least")
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise part.refuses(f"returned {described(found)} as the samples of file {file}, not whole numbers [samples]")
    if found.min() < 0 or found.max() >= number:
        raise part.refuses(
            f"gives samples {found.min()} to {found.max()} to file {file}; they are numbered 0 to {number - 1}"
        )
    return found.astype(np.int64)
