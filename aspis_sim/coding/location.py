"""Which workers returned no part of a codeword, found from a few random projections of what they returned."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

EXACT = lax.Precision.HIGHEST
"""Accelerators otherwise multiply float32 matrices with a mantissa of ten bits."""

PROBES = 4
"""Projections m: an error of 1000 times the tolerance hides from all of them with a probability near 1000^-m."""

BLOCK = 32768
"""Columns that are projected at a time."""

RUN = 128
"""Columns that are summed in one go; sums of such sums round less than one long sum."""

TOLERANCE = 10
"""Largest misfit per check that is put down to rounding, in epsilons of the largest return; see `locate`."""

LIMIT = 1e12
"""Returns are cut to this many times an honest one, so that their squares stay finite in float32."""


class Sketch(NamedTuple):
    """What is kept of the returned vectors for the search; sketches of slices of the columns add up.

    Attributes:
        projections: complex ``[K, m]``, inner products with m normal vectors.
        squares: real ``[K]``, squared lengths.
    """

    projections: Array
    squares: Array


class Located(NamedTuple):
    """Outcome of the search for erroneous workers.

    Attributes:
        workers: bool ``[K]``, those found erroneous, non-finite ones among them.
        weights: complex ``[K]``, with which the workers' returns add up to the files' sum; zero for ``workers``.
        ok: bool, at most s workers were found and the others are consistent with the code.
    """

    workers: Array
    weights: Array
    ok: Array


def sketch(returned: Array, key: Array) -> Sketch:
    """Project the rows, complex ``[K, d]``, on ``PROBES`` vectors drawn from the key, which never exist as a whole."""
    blocks = returned.shape[1] // BLOCK

    def part(rows: Array, index: int | Array) -> Sketch:
        rows = jnp.pad(rows, ((0, 0), (0, -rows.shape[1] % RUN))).reshape(len(rows), -1, RUN)
        directions = jax.random.normal(jax.random.fold_in(key, index), (*rows.shape[1:], PROBES), rows.real.dtype)
        inner = functools.partial(jnp.einsum, "krc,rcp->rkp", precision=EXACT)
        projections = lax.complex(inner(rows.real, directions).sum(0), inner(rows.imag, directions).sum(0))
        return Sketch(projections, (rows.real**2 + rows.imag**2).sum((1, 2)))

    def block(index: Array) -> Sketch:
        return part(lax.dynamic_slice_in_dim(returned, index * BLOCK, BLOCK, axis=1), index)

    rest = part(returned[:, blocks * BLOCK :], blocks)
    if not blocks:
        return rest
    return jax.tree.map(lambda last, others: last + others.sum(0), rest, lax.map(block, jnp.arange(blocks)))


def locate(sketch: Sketch, checks: NDArray[np.complex128], epsilon: float) -> Located:
    """Find at most s erroneous workers, and the weights that do without them.

    Args:
        sketch: of what the K workers returned.
        checks: parity checks H, complex ``[2s, K]``: orthonormal rows, consecutive ones of the DFT matrix; a codeword
            c has H c = 0, and its sum is that of its entries.
        epsilon: machine epsilon of what was returned.

    An error at worker i adds a multiple of column i of H to the syndromes, a geometric sequence in
    x_i = exp(-2 pi i / K). A polynomial of degree s that is zero at the x_i of all erroneous workers is therefore
    orthogonal to any s + 1 consecutive syndromes: Prony's equations, one Hankel matrix a projection. The polynomial
    is the right singular vector of their smallest singular value, which needs no guess of how many errors there
    are: with fewer than s its spare roots are arbitrary, and a worker that they happen to hit is fitted an error of
    zero. Its s smallest values make the candidates, to whom errors are fitted. Only the worker of the largest error
    is struck out; its value is fitted away as unknown, and the search starts again, at most s times. So the
    rounding of a lie 1e6 times too large does not bury a small one. Non-finite rows, and rows whose squares
    overflow, are struck out from the start; each counts as one of the s errors, although the code could afford two
    known places for one unknown: more than s bad workers break the promise on which the rest relies.

    The search ends when the workers left are consistent: the distance of their projections from the code is at
    most ``TOLERANCE`` * epsilon * sqrt(2 s m) times the longest row among them. Rounding of honest returns reaches
    6 in place of ``TOLERANCE`` (K = 5..50, r = 3..11, both precisions, thousands of rounds). It is larger
    where files cancel in every row, as nobody can see then how large they were; such a round may fail.
    """
    projections = sketch.projections
    failed = ~(jnp.isfinite(projections).all(-1) & jnp.isfinite(sketch.squares))
    if not len(checks):
        return Located(failed, jnp.where(failed, 0, 1).astype(projections.dtype), ~failed.any())
    most, workers = len(checks) // 2, checks.shape[1]
    check = jnp.asarray(checks, jnp.promote_types(projections.dtype, jnp.zeros((), complex).dtype))
    values, lengths = _scaled(jnp.where(failed[:, None], 0, projections).astype(check.dtype), sketch.squares, failed)
    tolerance = TOLERANCE * epsilon * np.sqrt(2 * most * projections.shape[1])

    def misfit(struck: Array) -> tuple[Array, Array]:
        left = jnp.where(struck[:, None], 0, values)
        rest = _unexplained(check * struck, jnp.matmul(check, left, precision=EXACT))
        return rest, jnp.linalg.norm(rest) <= tolerance * jnp.where(struck, 0, lengths).max()

    def strike(_: int, struck: Array) -> Array:
        rest, consistent = misfit(struck)
        needed = ~consistent & (struck.sum() < most)
        return struck | (needed & (jnp.arange(workers) == _largest_error(rest, check, struck)))

    struck = lax.fori_loop(0, most, strike, failed)
    _, consistent = misfit(struck)
    solve = jnp.matmul(jnp.linalg.pinv(check * struck), check, precision=EXACT)
    weights = jnp.where(struck, 0, 1 - jnp.where(struck[:, None], solve, 0).sum(0))
    return Located(struck, weights, consistent & (struck.sum() <= most))


def _scaled(values: Array, squares: Array, failed: Array) -> tuple[Array, Array]:
    """Projections and lengths in units of the median length, cut to ``LIMIT`` units."""
    lengths = jnp.sqrt(squares).astype(values.real.dtype)
    unit = jnp.sort(jnp.where(failed, jnp.inf, lengths))[len(values) // 2]
    unit = jnp.where(jnp.isfinite(unit) & (unit > 0), unit, 1)
    cut = jnp.where(failed, 0, jnp.minimum(1, LIMIT * unit / jnp.where(lengths > 0, lengths, 1)) / unit)
    return values * cut[:, None], jnp.where(failed, 0, lengths * cut)


def _unexplained(columns: Array, syndrome: Array) -> Array:
    """The part of the syndrome that no values of the unknown workers explain; zero columns are no unknowns."""
    fitted = jnp.matmul(jnp.linalg.pinv(columns), syndrome, precision=EXACT)
    return syndrome - jnp.matmul(columns, fitted, precision=EXACT)


def _largest_error(rest: Array, check: Array, struck: Array) -> Array:
    """Index of the worker, none of those struck out, whose error is the largest part of the syndromes ``rest``."""
    most, workers = len(check) // 2, check.shape[1]
    rest = rest / jnp.maximum(abs(rest).max(), jnp.finfo(rest.dtype).tiny)
    window = np.arange(most)[:, None] + np.arange(most + 1)
    hankel = jnp.moveaxis(rest[window], 2, 0).reshape(-1, most + 1)
    _, _, rows = jnp.linalg.svd(hankel, full_matrices=True)
    turns = np.arange(workers)[:, None] * np.arange(most + 1) % workers / workers
    at_workers = jnp.matmul(jnp.asarray(np.exp(-2j * np.pi * turns), rest.dtype), rows[-1].conj(), precision=EXACT)
    order = jnp.argsort(jnp.where(struck, -1, abs(at_workers)))
    candidate = jnp.zeros(workers, bool).at[order[:most]].set(True)
    errors = jnp.matmul(jnp.linalg.pinv(check * candidate), rest, precision=EXACT)
    return jnp.argmax(jnp.where(candidate & ~struck, jnp.linalg.norm(errors, axis=-1), -1))
