"""A model on a data set: initial weights, the loss of a file, the score on a part, in the precision of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from aspis_sim import data, models
from aspis_sim.data import Dataset
from aspis_sim.environment import pinned
from aspis_sim.errors import InputError
from aspis_sim.gradients.convolution import in_quick_convolutions
from aspis_sim.gradients.layers import Layers, layers_of
from aspis_sim.models.base import Model
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import Parameters, parse_part
from aspis_sim.streams import root_key, stream

SCORED_AT_ONCE = 2048
"""Samples that are scored in one call."""

MOST_WEIGHTS = 2**31 - 1
"""Parameters that a model may have: their places are 32-bit numbers."""


class Score(NamedTuple):
    """Accuracy and loss on one part of a data set.

    Attributes:
        top1: share of the samples whose highest score is their class; None where there are no classes.
        loss: mean cross-entropy, or half the mean squared error.
    """

    top1: float | None
    loss: float


@dataclass(frozen=True, eq=False)
class Network:
    """A model on a data set whose samples may differ from seed to seed, but not in number and shape.

    Attributes:
        dataset: registered name, with ``dataset_parameters``.
        model: the model.
        precision: "float32"; "float64", within `aspis_sim.environment.pinned`; or "bfloat16" for the gradients,
            from weights that are kept in float32.
        initialise: "model" for the model's own initial weights, "normal" for standard normal ones (those of the data
            set, where it comes with some).
    """

    dataset: str
    dataset_parameters: Parameters
    model: Model
    precision: str = "float32"
    initialise: str = "model"

    def samples(self, seed: int) -> Dataset:
        """The data set as a run with this seed sees it."""
        return data.as_run(self.dataset, self.dataset_parameters, seed)

    def train(self, seed: int) -> tuple[Array, Array]:
        """Inputs and labels to train on, on the device; a sample of zeros is the last where steps take all samples."""
        return _drawn_on_device(self, seed) if data.differs_by_run(self.dataset) else _on_device(self, 0)

    @cached_property
    def example(self) -> Dataset:
        """The data set with some seed: for shapes and numbers."""
        return self.samples(0)

    @property
    def dtype(self) -> np.dtype:
        """Of the weights."""
        return np.dtype("float64" if self.precision == "float64" else "float32")

    @cached_property
    def _template(self) -> tuple[int, Callable[[Array], Any]]:
        example = self.prepared(self.example.inputs["train"][:1])
        with pinned(self.precision):
            empty = jax.eval_shape(self.model.initialise, root_key(0), example)
        if (size := sum(prod(leaf.shape) for leaf in jax.tree.leaves(empty))) > MOST_WEIGHTS:
            raise InputError(f"the model has {size:,} weights, more than {MOST_WEIGHTS:,}; take a smaller one")
        flat, unravel = ravel_pytree(jax.tree.map(lambda leaf: np.zeros(leaf.shape, self.dtype), empty))
        return flat.size, unravel

    @property
    def parameters(self) -> int:
        """d, the number of parameters."""
        return self._template[0]

    @property
    def kind(self) -> Any:
        """The type in which gradients are computed."""
        return jnp.bfloat16 if self.precision == "bfloat16" else self.dtype

    def unravel(self, weights: Array) -> Any:
        """From weights ``[d]`` to the model's parameters, in the type in which gradients are computed."""
        return jax.tree.map(lambda leaf: leaf.astype(self.kind), self._template[1](weights))

    def prepared(self, inputs: Any) -> Any:
        """What the model sees of inputs."""
        return self.example.prepared(inputs).astype(self.kind)

    def initial(self, key: Array, seed: int) -> Array:
        """Initial weights ``[d]`` from a run's root key and seed."""
        given = self.samples(seed).initial if self.initialise == "normal" else None
        return jnp.asarray(given, self.dtype) if given is not None else self._drawn(key)

    @cached_property
    def statistics(self) -> Any:
        """Running statistics of batch norms before the first step; empty for a model without any."""
        example = jnp.asarray(self.example.inputs["train"][:1])
        made = jax.jit(lambda inputs: self.model.statistics(self.prepared(inputs)))(example)
        return jax.tree.map(lambda leaf: leaf.astype(self.dtype), made)

    @cached_property
    def has_statistics(self) -> bool:
        """Whether the model has batch norms, found without computing anything."""
        example = self.example.inputs["train"][:1]
        with pinned(self.precision):
            return bool(jax.tree.leaves(jax.eval_shape(lambda: self.model.statistics(self.prepared(example)))))

    @cached_property
    def _drawn(self) -> Callable[[Array], Array]:
        example = self.example.inputs["train"][:1]

        @jax.jit
        def drawn(key: Array) -> Array:
            own = stream(key, "init")
            if self.initialise == "normal":
                return jax.random.normal(own, (self.parameters,), self.dtype)
            return ravel_pytree(self.model.initialise(own, self.prepared(jnp.asarray(example))))[0].astype(self.dtype)

        return drawn

    def loss(self, parameters: Any, inputs: Array, labels: Array) -> Array:
        """The loss of a file."""
        return self.model.loss(parameters, self.prepared(inputs), labels)

    def layers(self, samples: int) -> Layers:
        """The layers of the model as they are called on a file of so many samples."""
        train = (self.example.inputs["train"], self.example.labels["train"])
        inputs, labels = (jax.ShapeDtypeStruct((samples, *part.shape[1:]), part.dtype) for part in train)
        with pinned(self.precision):
            parameters = jax.eval_shape(self.unravel, jax.ShapeDtypeStruct((self.parameters,), self.dtype))
            return layers_of(self.loss, parameters, inputs, labels)

    @cached_property
    def _evaluate(self) -> Callable[[Array, Any, Array, Array], tuple[Array, Array]]:
        model = self.model.scoring()

        @jax.jit
        def evaluate(weights: Array, statistics: Any, inputs: Array, labels: Array) -> tuple[Array, Array]:
            parameters, inputs = self._template[1](weights), self.prepared(inputs).astype(self.dtype)
            parameters = {**parameters, **statistics}
            with in_quick_convolutions():
                return model.correct(parameters, inputs, labels), model.mean_loss(parameters, inputs, labels)

        return evaluate

    @cached_property
    def _scores(self) -> Callable[[Array, Any, Array], Array]:
        model = self.model.scoring()

        @jax.jit
        def scores(weights: Array, statistics: Any, inputs: Array) -> Array:
            parameters = {**self._template[1](weights), **statistics}
            return model.scores(parameters, self.prepared(inputs).astype(self.dtype))

        return scores

    def scores(self, weights: Array, part: str, seed: int, statistics: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Scores ``[samples, classes]``, of a regression ``[samples]``, on a part of the data set, and its labels."""
        samples = self.samples(seed)
        inputs = samples.inputs[part]
        turns = (slice(start, start + SCORED_AT_ONCE) for start in range(0, len(inputs), SCORED_AT_ONCE))
        found = [np.asarray(self._scores(weights, statistics, jnp.asarray(inputs[some]))) for some in turns]
        return np.concatenate(found), samples.labels[part]

    def loss_at(self, weights: Array, statistics: Any, inputs: Array, labels: Array) -> Array:
        """The mean loss on samples as the data set holds them, as they are scored; within a compiled program."""
        return self._evaluate(weights, statistics, inputs, labels)[1]

    def score(self, weights: Array, part: str, seed: int, statistics: Any) -> Score:
        """Accuracy and loss of weights ``[d]``, with running statistics if there are any, on a part of the data set."""
        samples = self.samples(seed)
        labels = samples.labels[part]
        correct, loss = self.judged(samples.inputs[part], labels, weights, statistics)
        mean_loss = self.dtype.type(loss / len(labels))
        return Score(correct / len(labels) if samples.classes else None, float(str(mean_loss)))

    def judged(self, inputs: Any, labels: Any, weights: Array, statistics: Any) -> tuple[int, float]:
        """How many samples, as the data set holds them, are classified as they are labelled, and the sum of losses."""
        correct, loss = 0, 0.0
        for start in range(0, len(labels), SCORED_AT_ONCE):
            some = slice(start, start + SCORED_AT_ONCE)
            right, mean = self._evaluate(weights, statistics, jnp.asarray(inputs[some]), jnp.asarray(labels[some]))
            correct += int(right)
            loss += float(mean) * len(labels[some])
        return correct, loss


@cache
def network(
    dataset: str,
    model: str,
    dataset_parameters: Parameters = (),
    model_parameters: Parameters = (),
    precision: str = "float32",
    initialise: str = "model",
) -> Network:
    """Prepare a model on a data set, once a process."""
    classes = data.as_run(dataset, dataset_parameters, 0).classes
    built = models.build(model, classes=classes, **dict(model_parameters))
    return Network(dataset, dataset_parameters, built, precision, initialise)


def network_of(cell: Cell) -> Network:
    """The model of a cell on its data."""
    dataset, model = parse_part(cell.dataset), parse_part(cell.model)
    return network(dataset.name, model.name, dataset.parameters, model.parameters, cell.precision, cell.init)


@cache
def _on_device(net: Network, seed: int) -> tuple[Array, Array]:
    samples = net.samples(seed)
    inputs, labels = samples.inputs["train"], samples.labels["train"]
    if samples.full_batch:
        inputs, labels = (np.concatenate([part, np.zeros_like(part[:1])]) for part in (inputs, labels))
    return jnp.asarray(inputs), jnp.asarray(labels)


_drawn_on_device = lru_cache(data.DRAWN)(_on_device.__wrapped__)
