"""SMEA, smallest maximum eigenvalue averaging: the mean of the rows of least spread in any direction."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aspis_sim.aggregation.base import Rule, majority
from aspis_sim.aggregation.caf import centred_products
from aspis_sim.aggregation.distances import EXACT, geometry, mean_of_chosen
from aspis_sim.errors import InputError

SUBSETS = 5_000_000
"""Subsets up to which the search runs: some seconds if no bound helps."""

BATCH = 1024
"""Subsets that are examined together."""

DIRECTIONS = 4
"""Directions along which the spread of a subset is bounded before it is looked at in full."""


class _Best(NamedTuple):
    """The least top eigenvalue so far, the subset that has it, and which of a batch may still be better."""

    eigenvalue: Array
    subset: Array
    open: Array


def subset_of_rank(rank: Array, rows: int, f: int) -> Array:
    """The subsets without the ``rank``-th set of f rows in lexicographic order, bool ``[rows, w]``."""
    table = np.array([[math.comb(a, b) for b in range(f + 1)] for a in range(rows + 1)], np.int64)
    binomial = jnp.asarray(np.minimum(table, 2**31 - 1), jnp.int32)

    def decide(row: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        rank, missing, kept = state
        with_row = jnp.where(missing > 0, binomial[rows - 1 - row, jnp.maximum(missing - 1, 0)], 0)
        removed = rank < with_row
        return jnp.where(removed, rank, rank - with_row), missing - removed, kept.at[row].set(~removed)

    start = rank, jnp.full_like(rank, f), jnp.ones((rows, len(rank)), bool)
    return lax.fori_loop(0, rows, decide, start)[2]


def _members(kept: Array, size: int) -> Array:
    """The row numbers of subsets: bool ``[n, w]`` to int ``[w, size]``."""
    slot = jnp.cumsum(kept, axis=0, dtype=jnp.int32) - 1
    hit = kept & (slot == jnp.arange(size)[:, None, None])
    return jnp.sum(jnp.where(hit, jnp.arange(len(kept))[:, None], 0), axis=1).T


def _products(squared: Array, members: Array) -> Array:
    """Products of the members ``[w, m]`` around their mean, ``[w, m, m]``, from the distances of all rows."""
    distances = squared.ravel()[members[:, :, None] * len(squared) + members[:, None]]
    towards = distances.mean(-1)
    both = towards[:, :, None] + towards[:, None]
    return 0.5 * (both - towards.mean(-1)[:, None, None] - distances)


def _below(products: Array, limit: Array) -> Array:
    """Whether the top eigenvalue of each of the ``products [w, m, m]`` is below ``limit``; bool ``[w]``.

    It is exactly if limit · I - P has a Cholesky factor; LAPACK's is NaN if there is none.
    """
    lower = jnp.linalg.cholesky(limit * jnp.eye(products.shape[-1], dtype=products.dtype) - products)
    return jnp.isfinite(lower[:, -1, -1])


def _along_main_directions(squared: Array, usable: Array, inner: Array) -> Array:
    """Coordinates of the rows along the main directions of the ``inner`` ones, ``[n, DIRECTIONS]``.

    Rows far away would drown the others' digits; their own coordinates are wrong by rounding of their own size. A
    direction with less than an eighth of the largest variance is left out (0), since it would be as ill determined.
    """
    share = inner.astype(squared.dtype) / jnp.maximum(inner.sum(), 1).astype(squared.dtype)
    products = jnp.where(usable[:, None] & usable, centred_products(squared, share), 0)
    values, vectors = jnp.linalg.eigh(jnp.where(inner[:, None] & inner, products, 0))
    clear = (values > values[-1] / 8) & (values > 0)
    onto = jnp.where(clear, vectors / jnp.sqrt(jnp.where(clear, values, 1)), 0)
    return jnp.matmul(jnp.where(inner, products, 0), onto[:, -DIRECTIONS:], precision=EXACT)


def least_spread(squared: Array, usable: Array, f: int) -> Array:
    """The subset of n - f rows whose covariance has the least top eigenvalue, bool ``[n]``; f at least 1.

    The nonzero eigenvalues of a subset's scatter are those of its products around its mean, n - f by n - f.
    Batches of subsets, those without the most outlying rows first, pass two tests against the best so far:
    the spread along the main directions of the rows without the f most outlying ones (a Rayleigh quotient, a lower
    bound) and positive pivots; only what passes both has its eigenvalue computed. Subsets within rounding of the best
    count as no better.
    """
    rows = len(squared)
    size = rows - f
    total = math.comb(rows, f)
    finite = jnp.where(usable[:, None] & usable, squared, 0)
    order = jnp.argsort(-jnp.where(usable, finite.sum(0), jnp.inf))
    sorted_squared = squared[order][:, order]
    spread = _along_main_directions(finite, usable, usable.at[order[:f]].set(False))[order]
    strictly = 1 - 8 * rows * float(jnp.finfo(squared.dtype).eps)

    def eigenvalue(members: Array) -> Array:
        return jnp.linalg.eigvalsh(_products(sorted_squared, members[None])[0])[-1]

    def look_closely(best: _Best, kept: Array) -> _Best:
        members = _members(kept, size)
        products = _products(sorted_squared, members)
        traces = jnp.trace(products, axis1=1, axis2=2)

        def refine(state: _Best) -> _Best:
            passed = _below(products, state.eigenvalue * strictly) & state.open
            pick = jnp.argmin(jnp.where(passed, traces, jnp.inf))
            value = jnp.where(passed[pick], eigenvalue(members[pick]), jnp.inf)
            better = value < state.eigenvalue
            return _Best(
                jnp.where(better, value, state.eigenvalue),
                jnp.where(better, kept[:, pick], state.subset),
                passed & (jnp.arange(len(passed)) != pick),
            )

        return lax.while_loop(lambda state: state.open.any(), refine, best)

    def examine(batch: Array, best: tuple[Array, Array]) -> tuple[Array, Array]:
        rank = jnp.minimum(batch * BATCH + jnp.arange(min(BATCH, total), dtype=jnp.int32), total - 1)
        kept = subset_of_rank(rank, rows, f)
        weights = kept.astype(squared.dtype)
        away = spread.T[:, :, None] - (spread.T @ weights)[:, None] / size
        bound = jnp.max(jnp.sum(jnp.square(away) * weights, axis=1), axis=0)
        start = _Best(*best, bound < best[0] * strictly)
        return lax.cond(start.open.any(), look_closely, lambda state, _: state, start, kept)[:2]

    first = jnp.arange(rows) >= f
    start = eigenvalue(jnp.arange(f, rows)), first
    found = lax.fori_loop(0, -(-total // BATCH), examine, start)[1]
    return found[jnp.argsort(order)]


def smea(f: int) -> Rule:
    """The mean of the n - f rows whose covariance has the least top eigenvalue (Allouah et al., ICML 2023).

    See `least_spread`. A row with NaN or Inf, or out of bounds (`aspis_sim.aggregation.distances`), is in no
    subset; more than f of them give NaN. Right from 1e-30 to 1e36 in float32.

    Args:
        f: Byzantine rows; n over f must not exceed 5,000,000 subsets.
    """

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        subsets = math.comb(len(values), f)
        if subsets > SUBSETS:
            raise InputError(
                f"smea with n={len(values)}, f={f} means {subsets:.1e} subsets, more than {SUBSETS:.0e}; "
                "use fewer rows, caf (the same aim by a filter), or mda"
            )
        seen = geometry(values)
        chosen = least_spread(seen.squared, seen.usable, f) if f else jnp.ones(len(values), bool)
        return mean_of_chosen(chosen, seen.rows, seen.usable)

    return Rule(aggregate, tolerance=majority(f))
