"""Lines of affine and projective spaces over GF(n): designs with λ = 1, the planes among them."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.galois_field import Field, field, prime_power

Table = NDArray[np.int64]


def affine_dimension(points: int, size: int) -> int | None:
    """d >= 2 with v = n^d points and lines of k = n points, n a prime power; None when there is none."""
    if prime_power(size) is None:
        return None
    return next((d for d in range(2, 12) if size**d == points), None)


def projective_dimension(points: int, size: int) -> int | None:
    """d >= 2 with v = (n^(d+1) - 1)/(n - 1), k = n + 1, n a prime power; None when there is none."""
    n = size - 1
    if prime_power(n) is None:
        return None
    return next((d for d in range(2, 12) if (n ** (d + 1) - 1) // (n - 1) == points), None)


def affine_lines(size: int, dimension: int) -> Table:
    """Lines ``[b, n]`` of AG(d, n): {p + t u : t in GF(n)}, one u a direction."""
    gf = field(size)
    points = _vectors(size, dimension)
    weights = size ** np.arange(dimension)
    lines = []
    for direction in _normalised(points):
        steps = gf.multiply(np.arange(size)[:, None], direction)
        moved = gf.add(points[:, None, :], steps[None])
        lines.append(np.unique(np.sort(moved @ weights, axis=1), axis=0))
    return np.concatenate(lines)


def projective_lines(size: int, dimension: int) -> Table:
    """Lines ``[b, n + 1]`` of PG(d, n): the points of the span of two of them."""
    n = size - 1
    gf = field(n)
    points = _normalised(_vectors(n, dimension + 1))
    index = {tuple(point): number for number, point in enumerate(points.tolist())}
    scalars = np.arange(n)[:, None]
    lines = set()
    joined = np.zeros((len(points), len(points)), bool)
    for a, b in combinations(range(len(points)), 2):
        if joined[a, b]:
            continue
        others = _scaled(gf, gf.add(points[a], gf.multiply(scalars, points[b])))
        line = sorted({b, *(index[tuple(other)] for other in others.tolist())})
        joined[np.ix_(line, line)] = True
        lines.add(tuple(line))
    return np.array(sorted(lines))


def _vectors(order: int, length: int) -> Table:
    """All vectors over the field, number i holding the digits of i."""
    return np.arange(order**length)[:, None] // order ** np.arange(length) % order


def _normalised(vectors: Table) -> Table:
    """Those nonzero vectors whose first nonzero entry is 1: one a line through the origin."""
    nonzero = vectors[vectors.any(axis=1)]
    leading = nonzero[np.arange(len(nonzero)), (nonzero != 0).argmax(axis=1)]
    return nonzero[leading == 1]


def _scaled(gf: Field, vectors: Table) -> Table:
    """Nonzero vectors divided by their first nonzero entry."""
    leading = vectors[np.arange(len(vectors)), (vectors != 0).argmax(axis=1)]
    inverse = np.argmax(gf.products[leading] == 1, axis=1)
    return gf.multiply(inverse[:, None], vectors)
