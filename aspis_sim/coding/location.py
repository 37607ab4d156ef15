"""Which workers returned no part of a codeword, found from a few random projections of what they returned."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

EXACT = lax.Precision.HIGHEST
PROBES = 4
BLOCK = 32768
RUN = 512
TOLERANCE = 16
"""Largest misfit put down to rounding, in epsilons of the payload's type; see `locate`."""
LIMIT = 1e12
"""Projections are cut to this many times an honest one, so that their squares stay finite in float32."""


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


def project(returned: Array, key: Array) -> Array:
    """Inner products complex ``[K, PROBES]`` of the rows ``[K, d]`` with normal vectors drawn from the key.

    They are summed over short runs of columns first, which halves the rounding of long rows, and drawn a block of
    columns at a time, so that the vectors never exist as a whole.
    """
    blocks = returned.shape[1] // BLOCK

    def products(rows: Array, index: int | Array) -> Array:
        directions = jax.random.normal(jax.random.fold_in(key, index), (rows.shape[1], PROBES), rows.real.dtype)
        runs = BLOCK // RUN if rows.shape[1] == BLOCK else 1
        shape = "krc,rcp->rkp"
        directions = directions.reshape(runs, -1, PROBES)
        real, imag = (
            jnp.einsum(shape, part.reshape(len(rows), runs, -1), directions, precision=EXACT).sum(0)
            for part in (rows.real, rows.imag)
        )
        return lax.complex(real, imag)

    def block(index: Array) -> Array:
        return products(lax.dynamic_slice_in_dim(returned, index * BLOCK, BLOCK, axis=1), index)

    rest = products(returned[:, blocks * BLOCK :], blocks)
    return rest if not blocks else rest + lax.map(block, jnp.arange(blocks)).sum(0)


def locate(projected: Array, checks: NDArray[np.complex128], epsilon: float) -> Located:
    """Find at most s erroneous workers, and the weights that do without them.

    Args:
        projected: complex ``[K, m]``, m random projections of the returned vectors.
        checks: parity checks H, complex ``[2s, K]``: orthonormal rows, 2s consecutive rows of the DFT matrix, with
            H w = 0 for every codeword w.
        epsilon: machine epsilon of the payload.

    An error at worker i adds its column of H to the syndrome, a geometric sequence in x_i = exp(-2 pi i / K). So a
    polynomial of degree s that vanishes at the x_i of all erroneous workers annihilates every s + 1 consecutive
    syndromes: Prony's equations, a Hankel system. It is solved in the least-squares sense by the right singular
    vector of the smallest singular value, over all projections at once, which needs no guess of how many errors
    there are: with fewer than s, the spare roots are arbitrary, and a worker that they happen to hit gets an error
    of zero when the s smallest values of the polynomial are taken as candidates and their errors are fitted. The
    worker of the largest error is struck out, its value is fitted away, and the search starts again, at most s
    times: rounding of a 1e6 times larger lie thus does not bury a small one. Workers with a non-finite projection
    are struck out from the start, and count as errors.

    The misfit of the remaining workers is the distance of their projections from the code. Up to ``TOLERANCE``
    epsilons of the (K-s)-th smallest projection (a size that s errors can move neither above the largest nor below
    the (s+1)-th largest honest one) it is put down to rounding. Measured roundings are below 15 epsilons for up to
    10^6 parameters.
    """
    if not len(checks):
        failed = ~jnp.isfinite(projected).all(-1)
        return Located(failed, jnp.where(failed, 0, 1).astype(projected.dtype), ~failed.any())
    most, workers = len(checks) // 2, checks.shape[1]
    wide = jnp.promote_types(projected.dtype, jnp.zeros((), complex).dtype)
    check = jnp.asarray(checks, wide)
    tolerance = TOLERANCE * np.sqrt(2 * most) * epsilon
    erased = ~jnp.isfinite(projected).all(-1)
    values = _scaled(jnp.where(erased[:, None], 0, projected).astype(wide), erased, most)

    def misfit(struck: Array) -> tuple[Array, Array]:
        left = jnp.where(struck[:, None], 0, values)
        rest = _unexplained(check * struck, jnp.matmul(check, left, precision=EXACT))
        rounding = tolerance * jnp.linalg.norm(left, axis=-1).max()
        return rest, jnp.linalg.norm(rest) <= rounding

    def strike(_: int, struck: Array) -> Array:
        rest, consistent = misfit(struck)
        needed = ~consistent & (struck.sum() < most)
        return struck | (needed & (jnp.arange(workers) == _largest_error(rest, check, struck)))

    struck = lax.fori_loop(0, most, strike, erased)
    _, consistent = misfit(struck)
    solve = jnp.matmul(jnp.linalg.pinv(check * struck), check, precision=EXACT)
    weights = jnp.where(struck, 0, 1 - jnp.where(struck[:, None], solve, 0).sum(0))
    return Located(struck, weights, consistent & (struck.sum() <= most))


def _scaled(values: Array, erased: Array, most: int) -> Array:
    """Projections in units of the (K-s)-th smallest, cut to ``LIMIT``."""
    peak = jnp.where(erased, jnp.inf, jnp.maximum(abs(values.real), abs(values.imag)).max(-1))
    unit = jnp.sort(peak)[len(values) - most - 1]
    unit = jnp.where(jnp.isfinite(unit) & (unit > 0), unit, 1)
    values = values / unit
    return values * jnp.minimum(1, LIMIT / jnp.maximum(peak / unit, 1))[:, None].astype(values.dtype)


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
    angles = -2 * np.pi * np.arange(workers)[:, None] * np.arange(most + 1) / workers
    at_workers = jnp.matmul(jnp.asarray(np.exp(1j * angles), rest.dtype), rows[-1].conj(), precision=EXACT)
    order = jnp.argsort(jnp.where(struck, -1, abs(at_workers)))
    candidate = jnp.zeros(workers, bool).at[order[:most]].set(True)
    errors = jnp.matmul(jnp.linalg.pinv(check * candidate), rest, precision=EXACT)
    return jnp.argmax(jnp.where(candidate & ~struck, jnp.linalg.norm(errors, axis=-1), -1))
