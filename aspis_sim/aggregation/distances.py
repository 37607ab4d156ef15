"""Distances between all rows from one matrix product, and means of chosen rows.

The rows are seen from their coordinate-wise median, and their distances measured in a unit that follows the typical
row: the median of the lengths that are not 0. A row is out of bounds if it holds NaN or Inf, or is some 1e18 times as
long as the typical one (1e15 times in very many dimensions): it is then infinitely far from every other row. A row
that is some 1e-18 times as long counts as the median itself. No row can choose the unit while fewer than half are
Byzantine, so that a huge one cannot make the others vanish, nor a tiny one push them out of bounds.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation import order_statistics
from aspis_sim.aggregation.lengths import (
    exponent,
    kind_of,
    largest_safe,
    least_safe,
    middle,
    peaks,
    power_of_two,
)

EXACT = lax.Precision.HIGHEST
"""Accelerators otherwise multiply float32 matrices with a mantissa of ten bits."""


class Geometry(NamedTuple):
    """Rows as seen by the rules that work with distances.

    Attributes:
        rows: float ``[n, d]``, as they came.
        usable: bool ``[n]``, kept and within bounds.
        squared: float ``[n, n]`` of squared distances times unit², so that the typical one is near 1; infinite to
            and from rows not usable, 0 on the diagonal; in float32 at least.
        number: how many rows are kept; a Python int if all are.
        unit: a power of two, what a distance is multiplied by before it is squared.
    """

    rows: Array
    usable: Array
    squared: Array
    number: Array | int
    unit: Array


def _products(values: Array, medians: Array, kept: Array) -> tuple[Array, Array]:
    """Products of all rows of float ``[n, d]`` as seen from their medians: ``[n, n]``, and a scale, a power of two.

    The scale, which keeps them in range, is 1, and the rows are not looked at again, where the median row is in the
    safe range and none beyond it. Where a median is not finite no row is in that range; 0 then takes its place.
    """
    kind, finite = kind_of(values), lambda: jnp.where(jnp.isfinite(medians), medians, 0)
    # Either will do here: what a branch hands on XLA does not compute anew for every row.
    centre = lax.cond(jnp.isfinite(values[:, 0]).all(), lambda: medians, finite)

    def of(rows: Array) -> Array:  # a row that is not finite spoils its own products only
        return jnp.matmul(rows, rows.T, precision=EXACT, preferred_element_type=kind)

    def by_peaks() -> tuple[Array, Array]:
        moved = values - finite()
        sizes = peaks(moved)
        unit = power_of_two(-exponent(middle(sizes, kept & (sizes > 0) & jnp.isfinite(sizes))), kind)
        return of(moved * unit.astype(moved.dtype)), unit

    plain = of(values - centre)
    lengths = jnp.diagonal(plain)
    safe = (middle(lengths, kept) > least_safe(kind)) & (lengths <= largest_safe(kind)) | ~kept
    return lax.cond(safe.all(), lambda: (plain, jnp.ones((), kind)), by_peaks)


def geometry(values: Array, kept: Array | None = None) -> Geometry:
    """All pairwise distances of float ``[n, d]``, kept bool ``[n]`` or None.

    ‖a - b‖² = ‖a‖² + ‖b‖² - 2 a·b loses its digits when rows are long and close together, so the rows are
    first moved by their coordinate-wise median: unlike the mean it stays among the honest rows whatever
    the others send, and the lengths are then of the size of the distances. The squared lengths are taken
    from the diagonal of the product, so that equal rows are at distance 0 exactly. Scaling is by powers of two,
    hence exact: rows times a power of two have the same ``squared``. Derivatives pass through the rows, never
    through the distances, which only choose and weigh them.
    """
    number: Array | int = len(values) if kept is None else kept.sum(dtype=jnp.int32)
    fixed = lax.stop_gradient(values)
    medians = order_statistics.median(fixed, kept)
    kind, present = kind_of(fixed), jnp.ones(len(fixed), bool) if kept is None else kept
    products, unit = _products(fixed, medians, present)
    sizes = jnp.diagonal(products)
    half = exponent(middle(sizes, present & (sizes > 0) & jnp.isfinite(sizes))) // 2
    products *= power_of_two(-2 * half, kind)
    lengths = jnp.diagonal(products)
    usable = present & (lengths <= largest_safe(kind))
    squared = jnp.maximum(lengths[:, None] + lengths - 2 * products, 0)
    squared = jnp.where(usable[:, None] & usable, squared, jnp.inf)
    squared = jnp.where(jnp.eye(len(values), dtype=bool), 0, squared)
    return Geometry(values, usable, squared, number, unit * power_of_two(-half, kind))


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
