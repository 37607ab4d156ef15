"""Distances between all rows from one matrix product, and means of chosen rows.

A row is out of bounds if, seen from the coordinate-wise median, its squared length is not finite: it holds
NaN or Inf, or numbers so large that their squares overflow. Such a row is infinitely far from every other
row.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation import order_statistics

EXACT = lax.Precision.HIGHEST
"""Accelerators otherwise multiply float32 matrices with a mantissa of ten bits."""


class Geometry(NamedTuple):
    """Rows as seen by the rules that work with distances.

    Attributes:
        rows: float ``[n, d]``, as they came.
        usable: bool ``[n]``, kept and within bounds.
        squared: float ``[n, n]`` of squared distances, infinite to and from rows not usable, 0 on the
            diagonal.
        number: how many rows are kept; a Python int if all are.
    """

    rows: Array
    usable: Array
    squared: Array
    number: Array | int


def squared_norms(values: Array) -> Array:
    """Squared lengths of the rows of float ``[n, d]``; returns ``[n]``."""
    return jnp.sum(jnp.square(values), axis=1)


def geometry(values: Array, kept: Array | None = None) -> Geometry:
    """All pairwise distances of float ``[n, d]``, kept bool ``[n]`` or None.

    ‖a - b‖² = ‖a‖² + ‖b‖² - 2 a·b loses its digits when rows are long and close together, so the rows are
    first moved by their coordinate-wise median: unlike the mean it stays among the honest rows whatever
    the others send, and the lengths are then of the size of the distances. The squared lengths are taken
    from the diagonal of the product, so that equal rows are at distance 0 exactly. Derivatives pass
    through the rows, never through the distances, which only choose and weigh them.
    """
    number: Array | int = len(values) if kept is None else kept.sum(dtype=jnp.int32)
    fixed = lax.stop_gradient(values)
    middle = order_statistics.median(fixed, kept)
    # Most rows are infinite where the median is; asking first also keeps XLA from finding the median n times.
    centre = lax.cond(jnp.isfinite(middle).all(), lambda: middle, lambda: jnp.where(jnp.isfinite(middle), middle, 0))
    moved = fixed - centre
    products = jnp.matmul(moved, moved.T, precision=EXACT)  # a row that is not finite spoils its own products only
    lengths = jnp.diagonal(products)
    usable = jnp.isfinite(lengths)
    if kept is not None:
        usable &= kept
    squared = jnp.maximum(lengths[:, None] + lengths - 2 * products, 0)
    squared = jnp.where(usable[:, None] & usable, squared, jnp.inf)
    squared = jnp.where(jnp.eye(len(values), dtype=bool), 0, squared)
    return Geometry(values, usable, squared, number)


def places(keys: Array) -> Array:
    """The place, from 0, of each entry of ``[..., n]`` in ascending order along the last axis."""
    order = jnp.argsort(keys, axis=-1, stable=True)
    return jnp.argsort(order, axis=-1, stable=True)


def combine(weights: Array, rows: Array, usable: Array) -> Array:
    """Sums of ``rows [n, d]`` with ``weights [n]`` or ``[m, n]``, rows not usable counted as zeros.

    Only if there are such rows is a copy made that holds zeros for them.
    """
    return lax.cond(
        usable.all(),
        lambda: jnp.matmul(weights, rows, precision=EXACT),
        lambda: jnp.matmul(weights, jnp.where(usable[:, None], rows, 0), precision=EXACT),
    )


def mean_of_chosen(weights: Array, rows: Array, usable: Array) -> Array:
    """Means of ``rows [n, d]`` with ``weights [n]`` or ``[m, n]``; NaN where a row not usable weighs in.

    A row that is not usable and weighs nothing is hidden, whatever it holds.
    """
    weights = weights.astype(rows.dtype)
    total = weights.sum(-1, keepdims=True)
    spoilt = jnp.any((weights != 0) & ~usable, axis=-1, keepdims=True)
    return jnp.where(spoilt | (total == 0), jnp.nan, combine(weights / total, rows, usable))
