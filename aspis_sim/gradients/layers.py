"""Gradients of many files from one backward pass: the inputs of every layer, and the derivatives at its outputs.

The gradient of a dense layer's kernel on one file is the product ``inputs^T deltas`` of two small matrices, that of a
convolution a sum of such products over the patches (Goodfellow, "Efficient per-example gradient computations", 2015;
Rochette, Manoel and Tramel, 2019). So one pass forwards and one backwards over all samples, without any file's
gradient, leave behind all that `aspis_sim.gradients.columns` needs to form any columns of the matrix files x
parameters, to average chosen files by one product a layer, and to bound every file's norm. A layer of another kind (a
norm, a module of a user) gives its whole gradient a file at once, by its own derivative, and leaves nothing else
behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import Array
from jax.tree_util import DictKey, tree_flatten_with_path

from aspis_sim.gradients.convolution import outputs_of
from aspis_sim.gradients.geometry import is_plain
from aspis_sim.models.base import STATISTICS, in_float32

Loss = Callable[[Any, Array, Array], Array]
Call = tuple[tuple[str, ...], int]
"""A layer's path among the parameters, and which of its calls is meant: a layer may be used more than once."""


class Passed(NamedTuple):
    """What went through the layers on the samples of some files.

    Attributes:
        losses: float ``[f]``, of each file, in float32 at least.
        inputs: call -> inputs of a layer whose gradient is a product, ``[f, samples, ...]``.
        deltas: call -> derivative of the file's loss by such a layer's outputs, ``[f, samples, ...]``.
        formed: path -> the gradients of a layer of another kind, ``[f, all its entries]``.
        statistics: running ones of batch norms as each file leaves them, ``[f, ...]``; empty without any.
    """

    losses: Array
    inputs: dict[Call, Array]
    deltas: dict[Call, Array]
    formed: dict[tuple[str, ...], Array]
    statistics: Any


@dataclass(frozen=True)
class Leaf:
    """One array of the parameters.

    Attributes:
        path: of its layer.
        name: within the layer.
        shape: of the array.
    """

    path: tuple[str, ...]
    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Its entries."""
        return prod(self.shape)


@dataclass(frozen=True)
class Layers:
    """The layers of a model as they are called on one file.

    Attributes:
        loss: ``loss(parameters, inputs, labels)`` of one file.
        leaves: the arrays of the parameters, in the order in which they are flattened.
        modules: call -> the layer's module, unbound.
        outputs: call -> shape and type of its outputs on one file.
        inputs: call -> shape and type of its inputs on one file.
    """

    loss: Loss
    leaves: tuple[Leaf, ...]
    modules: Mapping[Call, nn.Module]
    outputs: Mapping[Call, jax.ShapeDtypeStruct]
    inputs: Mapping[Call, jax.ShapeDtypeStruct]

    def calls(self, path: tuple[str, ...]) -> list[Call]:
        """The calls of a layer."""
        return [call for call in self.outputs if call[0] == path]

    def indices(self, path: tuple[str, ...]) -> dict[str, int]:
        """The leaves of a layer: name -> which leaf."""
        return {leaf.name: index for index, leaf in enumerate(self.leaves) if leaf.path == path}

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """The layers, in the order of the leaves."""
        return tuple(dict.fromkeys(leaf.path for leaf in self.leaves))

    def is_product(self, path: tuple[str, ...]) -> bool:
        """Whether a layer's gradient is formed from its inputs and deltas."""
        calls = self.calls(path)
        if not calls or not set(self.indices(path)) <= {"kernel", "bias"}:
            return False
        module = self.modules[calls[0]]
        if isinstance(module, nn.Conv):
            return len(calls) == 1 and is_plain(module, len(self.inputs[calls[0]].shape))
        return isinstance(module, nn.Dense)

    @property
    def numbers_a_file(self) -> int:
        """How many numbers of one file `Passed` holds."""
        products = [path for path in self.paths if self.is_product(path)]
        calls = [call for path in products for call in self.calls(path)]
        formed = sum(leaf.size for leaf in self.leaves if leaf.path not in products)
        return formed + sum(prod(part[call].shape) for part in (self.outputs, self.inputs) for call in calls)

    @property
    def numbers_on_the_way(self) -> int:
        """How many numbers of one file go into layers and out of them, most of which the way back needs as well."""
        return sum(prod(one.shape) for part in (self.outputs, self.inputs) for one in part.values())


def layers_of(loss: Loss, parameters: Any, inputs: Any, labels: Any) -> Layers:
    """Find the layers that a model calls on one file; arguments are arrays or their shapes."""
    leaves = []
    for keys, leaf in tree_flatten_with_path(parameters["params"])[0]:
        names = tuple(str(key.key) for key in keys if isinstance(key, DictKey))
        leaves.append(Leaf(names[:-1], names[-1], leaf.shape))
    owners = {leaf.path for leaf in leaves}
    outermost = {path for path in owners if not any(path[:cut] in owners for cut in range(len(path)))}
    leaves = [_in_layer(leaf, outermost) for leaf in leaves]
    modules: dict[Call, nn.Module] = {}
    shapes: dict[str, dict[Call, Any]] = {"inputs": {}, "outputs": {}}

    def look(call: Call, module: nn.Module, given: Array, made: Array) -> Array:
        modules[call] = module
        for part, one in (("inputs", given), ("outputs", made)):
            shapes[part][call] = jax.ShapeDtypeStruct(one.shape, one.dtype)
        return made

    jax.eval_shape(lambda *given: _listen(outermost, look, loss, *given)[0], parameters, inputs, labels)
    return Layers(loss, tuple(leaves), modules, shapes["outputs"], shapes["inputs"])


def _in_layer(leaf: Leaf, layers: set[tuple[str, ...]]) -> Leaf:
    path = next(leaf.path[:cut] for cut in range(len(leaf.path) + 1) if leaf.path[:cut] in layers)
    return Leaf(path, "/".join([*leaf.path[len(path) :], leaf.name]), leaf.shape)


def _listen(paths: set[tuple[str, ...]], heard: Callable[..., Array], loss: Loss, *given: Any) -> tuple[Array, Any]:
    """The loss, with ``heard(call, module, inputs, outputs)`` in the place of each layer's outputs; the statistics."""
    calls: dict[tuple[str, ...], int] = {}
    statistics: dict[str, Any] = {}

    def intercept(call: Callable[..., Any], given: tuple, named: dict, context: Any) -> Any:
        path = context.module.path
        made = call(*given, **named) if (quick := outputs_of(context, given)) is None else quick
        if path == ():
            kept = context.module.variables
            statistics.update({name: kept[name] for name in kept if name == STATISTICS})
        if context.method_name != "__call__" or path not in paths:
            return made
        number = calls.get(path, 0)
        calls[path] = number + 1
        return heard((path, number), context.module.clone(parent=None), given[0], made)

    with nn.intercept_methods(intercept):
        return loss(*given), statistics


def pass_through(layers: Layers, parameters: Any, inputs: Array, labels: Array) -> Passed:
    """One pass forwards and backwards over the samples of all files, without any gradient of parameters.

    Args:
        layers: of the model.
        parameters: of the model.
        inputs: ``[f, samples a file, ...]``.
        labels: ``[f, samples a file]``.
    """
    paths = {path for path, _ in layers.outputs}
    products = {path for path in layers.paths if layers.is_product(path)}

    def one_file(inputs: Array, labels: Array) -> Passed:
        def moved(moves: dict[Call, Array]) -> tuple[Array, tuple[dict[Call, Array], Any]]:
            kept: dict[Call, Array] = {}

            def heard(call: Call, module: nn.Module, given: Array, made: Array) -> Array:
                kept[call] = given
                return made + moves[call]

            loss, statistics = _listen(paths, heard, layers.loss, parameters, inputs, labels)
            return loss, (kept, statistics)

        still = {call: jnp.zeros(one.shape, one.dtype) for call, one in layers.outputs.items()}
        (loss, (kept, statistics)), deltas = jax.value_and_grad(moved, has_aux=True)(still)
        others = [path for path in layers.paths if path not in products]
        formed = {path: _of_any(layers, path, parameters, kept, deltas) for path in others}
        kept, deltas = ({call: part[call] for call in part if call[0] in products} for part in (kept, deltas))
        return Passed(in_float32(loss), kept, deltas, formed, statistics)

    return jax.vmap(one_file)(inputs, labels)


def _of_any(
    layers: Layers, path: tuple[str, ...], parameters: Any, inputs: dict[Call, Array], deltas: dict[Call, Array]
) -> Array:
    """The gradient of a layer of any kind on one file, by the derivative of the module itself, flat.

    It is computed in float32 at least, in which what it adds up over samples and places is not lost, and then rounded.
    """
    calls, indices = layers.calls(path), layers.indices(path)
    if not calls:
        size = sum(layers.leaves[index].size for index in indices.values())
        return jnp.zeros(size, jax.tree.leaves(parameters)[0].dtype)
    own: Any = parameters["params"]
    for name in path:
        own = own[name]
    dtype = jax.tree.leaves(own)[0].dtype

    def outputs(own: Any) -> dict[Call, Array]:
        made = {}
        for call in calls:
            applied = layers.modules[call].apply({"params": own}, in_float32(inputs[call]), mutable=[STATISTICS])
            made[call] = applied[0]
        return made

    made, derivative = jax.vjp(outputs, jax.tree.map(in_float32, own))
    (gradient,) = derivative({call: deltas[call].astype(made[call].dtype) for call in calls})
    flat, _ = tree_flatten_with_path(gradient)
    by_name = {"/".join(str(key.key) for key in keys): leaf for keys, leaf in flat if _named(keys)}
    return jnp.concatenate([by_name[name].reshape(-1) for name in indices]).astype(dtype)


def _named(keys: tuple[Any, ...]) -> bool:
    return all(isinstance(key, DictKey) for key in keys)
