"""Columns of the gradients of many files, formed from what passed through a layer when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.gradients.geometry import geometry_of
from aspis_sim.gradients.layers import Layers, Passed
from aspis_sim.gradients.patches import added, formed


class Part(NamedTuple):
    """Columns of the gradient matrix that belong together: those of some leaves, as a matrix ``rows x columns`` a file.

    Attributes:
        leaves: which leaves they are, with their rows: index of the leaf -> (first row, last row + 1).
        rows: rows of the matrix.
        columns: columns of it.
        step: `form` takes a number of rows that divides this, from a multiple of that number.
        form: (first row, number of rows) -> float ``[f, number x columns]``.
        weighted: weights float ``[f]`` -> the sum of the files' gradients with these weights, ``[rows x columns]``, in
            float32 at least.
        bound: float ``[f]``, what the part's norm does not exceed.
        work: multiplications for the whole part of a file.
    """

    leaves: dict[int, tuple[int, int]]
    rows: int
    columns: int
    step: int
    form: Callable[[Array | int, int], Array]
    weighted: Callable[[Array], Array]
    bound: Array
    work: int = 0


def parts_of(layers: Layers, passed: Passed) -> list[Part]:
    """The gradients of the files that went through, layer by layer."""
    found: list[Part] = []
    for path in layers.paths:
        indices, calls = layers.indices(path), layers.calls(path)
        if path in passed.formed:
            sizes = {index: layers.leaves[index].size for index in indices.values()}
            found.append(_explicit(sizes, passed.formed[path]))
        elif isinstance(module := layers.modules[calls[0]], nn.Conv):
            found += _convolution(module, indices, passed.inputs[calls[0]], passed.deltas[calls[0]])
        else:
            found.append(_dense(indices, [(passed.inputs[call], passed.deltas[call]) for call in calls]))
    return found


def _norm(values: Array) -> Array:
    flat = values.reshape(len(values), -1).astype(jnp.promote_types(values.dtype, jnp.float32))
    return jnp.sqrt(jnp.einsum("nd,nd->n", flat, flat))


def _dense(indices: dict[str, int], calls: list[tuple[Array, Array]]) -> Part:
    """A dense layer: its bias is one more row of the kernel, for an input that is always 1."""
    dtype = calls[0][1].dtype
    inputs = jnp.concatenate([_points(given).astype(dtype) for given, _ in calls], axis=1)
    deltas = jnp.concatenate([_points(delta) for _, delta in calls], axis=1)
    rows = inputs.shape[-1]
    leaves = {indices["kernel"]: (0, rows)}
    if "bias" in indices:
        leaves[indices["bias"]] = (rows, rows + 1)
        inputs = jnp.concatenate([inputs, jnp.ones((*inputs.shape[:-1], 1), dtype)], axis=-1)
    rows = inputs.shape[-1]

    turned = _turned(inputs)

    def form(first: Array | int, number: int) -> Array:
        return _products(turned if number == rows else _rows_from(turned, first, number), deltas)

    def weighted(weights: Array) -> Array:
        # Turned, XLA adds up over the points in one go, however many processors there are.
        across = lax.optimization_barrier(_flat(inputs).T)
        return _added("ip,po->io", across, _flat(_scaled(deltas, weights))).reshape(-1)

    work = prod(deltas.shape[1:]) * rows
    return Part(leaves, rows, deltas.shape[-1], 0, form, weighted, _norm(inputs) * _norm(deltas), work)


def _added(subscripts: str, *terms: Array) -> Array:
    """A sum of products, in float32 at least."""
    return jnp.einsum(subscripts, *terms, preferred_element_type=jnp.promote_types(terms[0].dtype, jnp.float32))


def _turned(points: Array) -> Array:
    """``[f, points, channels]`` as ``[f, channels, points]``, really and not only in name.

    On a CPU many small products over few points run up to four times as fast on it.
    """
    return lax.optimization_barrier(jnp.swapaxes(points, 1, 2))


def _products(turned: Array, deltas: Array) -> Array:
    """The product of each file: ``[f, rows, points]`` and ``[f, points, columns]`` to ``[f, rows x columns]``.

    A product over one point XLA takes for an elementwise one and forms it anew, slowly, wherever it is used; a second
    point of zeros makes it a product of matrices.
    """
    if deltas.shape[1] == 1:
        turned = jnp.pad(turned, [(0, 0), (0, 0), (0, 1)])
        deltas = jnp.pad(deltas, [(0, 0), (0, 1), (0, 0)])
    return _added("fip,fpo->fio", turned, deltas).astype(deltas.dtype).reshape(len(deltas), -1)


def _rows_from(rows: Array, first: Array | int, number: int) -> Array:
    """Rows ``first ...`` of float ``[f, rows, ...]``, zeros beyond the last."""
    beyond = -rows.shape[1] % number
    padded = jnp.pad(rows, [(0, 0), (0, beyond), *[(0, 0)] * (rows.ndim - 2)])
    return lax.dynamic_slice_in_dim(padded, first, number, axis=1)


def _points(values: Array) -> Array:
    """``[f, samples, ..., channels]`` as ``[f, points, channels]``."""
    return values.reshape(len(values), -1, values.shape[-1])


def _flat(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])


def _scaled(deltas: Array, weights: Array) -> Array:
    """Deltas times their file's weight; a weight of 0 silences also what is not finite."""
    by_file = weights.astype(deltas.dtype).reshape(-1, *[1] * (deltas.ndim - 1))
    return jnp.where(by_file == 0, 0, deltas * by_file)


def _convolution(module: nn.Conv, indices: dict[str, int], inputs: Array, deltas: Array) -> list[Part]:
    """A convolution of images: a row is a place in the window and an input channel, as in the kernel."""
    geometry = geometry_of(module, inputs.shape)

    def form(first: Array | int, number: int) -> Array:
        return formed(inputs, deltas, geometry, first, number).reshape(len(deltas), -1)

    def weighted(weights: Array) -> Array:
        return added(inputs, _scaled(deltas, weights), geometry).reshape(-1)

    bound = prod(geometry.window) ** 0.5 * _norm(inputs) * _norm(deltas)
    leaves = {indices["kernel"]: (0, geometry.rows)}
    work = prod(deltas.shape[1:]) * geometry.rows
    kernel = Part(leaves, geometry.rows, geometry.features, geometry.channels, form, weighted, bound, work)
    if "bias" not in indices:
        return [kernel]
    bias = _added("fpo->fo", _points(deltas)).astype(deltas.dtype)
    return [kernel, _explicit({indices["bias"]: geometry.features}, bias)]


def _explicit(sizes: dict[int, int], values: Array) -> Part:
    """Leaves whose gradients are formed at once, ``[f, all their entries]``: rows of one column."""
    ends, leaves = 0, {}
    for index, size in sizes.items():
        leaves[index] = (ends, ends + size)
        ends += size

    def form(first: Array | int, number: int) -> Array:
        return values if number == ends else _rows_from(values, first, number)

    def weighted(weights: Array) -> Array:
        return _added("f,fd->d", weights.astype(values.dtype), _scaled(values, (weights != 0).astype(values.dtype)))

    return Part(leaves, ends, 1, 0, form, weighted, _norm(values))
