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

NOTHING = 16
"""Epsilons of the largest singular value up to which one is rounding; that of ten neighbours of 25 is 80 in float32."""

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
        weights: complex ``[K]``, with which the workers' returns add up to the files' sum; zero for ``workers`` and
            for silent ones.
        ok: bool, no more workers were found than can be, and the others are consistent with the code.
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


def locate(
    sketch: Sketch, checks: NDArray[np.complex128], epsilon: float, silent: Array | None = None, missing: int = 0
) -> Located:
    """Find at most s erroneous workers, fewer where some are silent, and the weights that do without them all.

    Args:
        sketch: of what the K workers returned.
        checks: parity checks H, complex ``[2s, K]``: orthonormal rows, consecutive ones of the DFT matrix; a codeword
            c has H c = 0, and its sum is that of its entries.
        epsilon: machine epsilon of what was returned.
        silent: bool ``[K]``, workers of whom nothing arrived, whose rows are not read; None for none.
        missing: how many of them there are; floor(s - missing / 2) erroneous workers can be found beside them.

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

    Silent workers are such known places. Before the search the syndromes are filtered by the polynomial that is zero
    at the silent workers' x_i (Forney, IEEE Transactions on Information Theory 1965): what is left is a sequence of
    2s - missing numbers to which they add nothing, and in which every other worker's error is geometric as before.

    The search ends when the workers left are consistent: the distance of their projections from the code is at
    most ``TOLERANCE`` * epsilon * sqrt(2 s m) times the longest row among them. Rounding of honest returns reaches
    6 in place of ``TOLERANCE`` (K = 5..50, r = 3..11, both precisions, thousands of rounds). It is larger
    where files cancel in every row, as nobody can see then how large they were; such a round may fail.
    """
    projections = sketch.projections
    failed = ~(jnp.isfinite(projections).all(-1) & jnp.isfinite(sketch.squares))
    gone = jnp.zeros_like(failed) if silent is None else silent
    failed &= ~gone
    most, workers = (len(checks) - missing) // 2, checks.shape[1]
    if most < 0 or not len(checks):
        weights = jnp.where(failed | gone, 0, 1).astype(projections.dtype)
        return Located(failed, weights, jnp.asarray(False) if missing else ~failed.any())
    check = jnp.asarray(checks, jnp.promote_types(projections.dtype, jnp.zeros((), complex).dtype))
    unread = failed | gone
    values, lengths = _scaled(jnp.where(unread[:, None], 0, projections).astype(check.dtype), sketch.squares, unread)
    tolerance = TOLERANCE * epsilon * np.sqrt(len(checks) * projections.shape[1])
    filtered = _filter(gone, missing, check) if missing else None

    def misfit(struck: Array) -> tuple[Array, Array]:
        left = jnp.where(struck[:, None], 0, values)
        rest = _unexplained(check * (struck | gone), jnp.matmul(check, left, precision=EXACT))
        return rest, jnp.linalg.norm(rest) <= tolerance * jnp.where(struck, 0, lengths).max()

    def strike(_: int, struck: Array) -> Array:
        rest, consistent = misfit(struck)
        needed = ~consistent & (struck.sum() < most)
        return struck | (needed & (jnp.arange(workers) == _largest_error(rest, check, struck, gone, filtered, most)))

    struck = lax.fori_loop(0, most, strike, failed) if most else failed
    _, consistent = misfit(struck)
    out = struck | gone
    solve = jnp.matmul(jnp.linalg.pinv(check * out), check, precision=EXACT)
    weights = jnp.where(out, 0, 1 - jnp.where(out[:, None], solve, 0).sum(0))
    return Located(struck, weights, consistent & (struck.sum() <= most))


def _filter(gone: Array, missing: int, check: Array) -> Array:
    """The map ``[2s - missing, 2s]`` of syndromes to which the ``missing`` workers ``gone [K]`` add nothing."""
    count, workers = check.shape
    places = jnp.nonzero(gone, size=missing, fill_value=0)[0]
    roots = jnp.exp(-2j * jnp.pi * places / workers).astype(check.dtype)
    polynomial = jnp.ones(1, check.dtype)
    for root in roots:
        polynomial = jnp.pad(polynomial, (1, 0)) - root * jnp.pad(polynomial, (0, 1))
    shift = np.arange(count) - np.arange(count - missing)[:, None]
    return jnp.where((shift >= 0) & (shift <= missing), polynomial[np.clip(shift, 0, missing)], 0)


def _scaled(values: Array, squares: Array, failed: Array) -> tuple[Array, Array]:
    """Projections and lengths in units of the median length, cut to ``LIMIT`` units."""
    lengths = jnp.sqrt(squares).astype(values.real.dtype)
    unit = jnp.sort(jnp.where(failed, jnp.inf, lengths))[len(values) // 2]
    unit = jnp.where(jnp.isfinite(unit) & (unit > 0), unit, 1)
    cut = jnp.where(failed, 0, jnp.minimum(1, LIMIT * unit / jnp.where(lengths > 0, lengths, 1)) / unit)
    return values * cut[:, None], jnp.where(failed, 0, lengths * cut)


def _unexplained(columns: Array, syndrome: Array) -> Array:
    """The part of the syndrome that no values of the unknown workers explain; zero columns are no unknowns.

    An orthonormal basis of what they explain is taken away: values of neighbours are found badly, what they explain
    is not.
    """
    basis, sizes, _ = jnp.linalg.svd(columns, full_matrices=False)
    kind = jnp.finfo(sizes.dtype)
    basis = jnp.where(sizes > jnp.maximum(NOTHING * kind.eps * sizes[0], kind.tiny), basis, 0)
    return syndrome - jnp.matmul(basis, jnp.matmul(basis.conj().T, syndrome, precision=EXACT), precision=EXACT)


def _largest_error(rest: Array, check: Array, struck: Array, gone: Array, filtered: Array | None, most: int) -> Array:
    """Index of the worker, none of those struck out or gone, whose error is the largest part of the syndromes."""
    workers = check.shape[1]
    rest = rest / jnp.maximum(abs(rest).max(), jnp.finfo(rest.dtype).tiny)
    sequence = rest if filtered is None else jnp.matmul(filtered, rest, precision=EXACT)
    window = np.arange(len(sequence) - most)[:, None] + np.arange(most + 1)
    hankel = jnp.moveaxis(sequence[window], 2, 0).reshape(-1, most + 1)
    _, _, rows = jnp.linalg.svd(hankel, full_matrices=True)
    turns = np.arange(workers)[:, None] * np.arange(most + 1) % workers / workers
    at_workers = jnp.matmul(jnp.asarray(np.exp(-2j * np.pi * turns), rest.dtype), rows[-1].conj(), precision=EXACT)
    order = jnp.argsort(jnp.where(struck, -1, jnp.where(gone, jnp.inf, abs(at_workers))))
    candidate = jnp.zeros(workers, bool).at[order[:most]].set(True)
    errors = jnp.matmul(jnp.linalg.pinv(check * (candidate | gone)), rest, precision=EXACT)
    return jnp.argmax(jnp.where(candidate & ~struck, jnp.linalg.norm(errors, axis=-1), -1))
