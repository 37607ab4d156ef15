"""Columns of the gradients of many files, formed from what passed through a layer when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import flax.linen as nn
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.gradients.layers import Layers, Passed


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
    """

    leaves: dict[int, tuple[int, int]]
    rows: int
    columns: int
    step: int
    form: Callable[[Array | int, int], Array]
    weighted: Callable[[Array], Array]
    bound: Array


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

    return Part(leaves, rows, deltas.shape[-1], 0, form, weighted, _norm(inputs) * _norm(deltas))


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


def _pair(value: Any) -> tuple[int, int]:
    return (1, 1) if value is None else (value, value) if isinstance(value, int) else tuple(value)


def _convolution(module: nn.Conv, indices: dict[str, int], inputs: Array, deltas: Array) -> list[Part]:
    """A convolution of images: a row is a place in the window and an input channel, as in the kernel."""
    _, samples, height, width, channels = inputs.shape
    window, strides = _pair(module.kernel_size), _pair(module.strides)
    out = deltas.shape[2:4]
    if isinstance(module.padding, str):
        edges = lax.padtype_to_pads((height, width), window, strides, module.padding)
    else:
        given = module.padding
        edges = [(given, given)] * 2 if isinstance(given, int) else [_pair(edge) for edge in given]
    edges = [(before, after) for before, after in edges]
    reach = [(count - 1) * stride + 1 for count, stride in zip(out, strides, strict=True)]
    points = _points(deltas)

    def padded(channel: Array | int, number: int) -> Array:
        """``[f, number, samples, height, width]``, some input channels, turned and with their edges.

        Made for the tile that asks: for all layers at once it would take the memory of their inputs again.
        """
        some = inputs if number == channels else lax.dynamic_slice_in_dim(inputs, channel, number, axis=-1)
        some = jnp.pad(some.astype(deltas.dtype), [(0, 0), (0, 0), *edges, (0, 0)])
        return lax.optimization_barrier(jnp.moveaxis(some, -1, 1))

    def patch(padded: Array, place: Array | int) -> Array:
        """``[f, channels, points]``, what the window sees at one of its places."""
        start = (0, 0, 0, place // window[1], place % window[1])
        some = lax.dynamic_slice(padded, start, (*padded.shape[:2], samples, *reach))
        return some[:, :, :, :: strides[0], :: strides[1]].reshape(*padded.shape[:2], -1)

    def form(first: Array | int, number: int) -> Array:
        if number <= channels:
            return _products(patch(padded(first % channels, number), first // channels), points)
        whole, places = padded(0, channels), first // channels + jnp.arange(number // channels)
        if points.shape[1] <= points.shape[2]:
            return _products(jnp.concatenate([patch(whole, place) for place in places], axis=1), points)
        made = lax.map(lambda place: _products(patch(whole, place), points), places)  # patches take more than the tile
        return jnp.moveaxis(made, 0, 1).reshape(len(points), -1)

    def weighted(weights: Array) -> Array:
        chosen, whole = _scaled(points, weights), padded(0, channels)
        one = lambda place: _added("fip,fpo->io", patch(whole, place), chosen)  # noqa: E731
        return lax.map(one, jnp.arange(window[0] * window[1])).reshape(-1)

    rows = window[0] * window[1] * channels
    bound = (window[0] * window[1]) ** 0.5 * _norm(inputs) * _norm(deltas)
    kernel = Part({indices["kernel"]: (0, rows)}, rows, points.shape[-1], channels, form, weighted, bound)
    if "bias" not in indices:
        return [kernel]
    bias = _added("fpo->fo", points).astype(points.dtype)
    return [kernel, _explicit({indices["bias"]: points.shape[-1]}, bias)]


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
