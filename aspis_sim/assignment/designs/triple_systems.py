"""Triple systems 2-(v, 3, λ) for every v >= 3, with the least λ that divisibility allows."""

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]


def least_pair_files(points: int) -> int:
    """Least λ for which a 2-(v, 3, λ) design exists: 1 for v ≡ 1, 3 modulo 6, else 2, 3 or 6."""
    return {0: 2, 1: 1, 2: 6, 3: 1, 4: 2, 5: 3}[points % 6]


def triple_system(points: int) -> Table:
    """Blocks ``[b, 3]`` of a triple system on 0..v-1 with λ = `least_pair_files` (v).

    Sources, by v modulo 6: 3, Bose (1939); 1, Skolem (1958); 0 and 4, the same idea with an idempotent
    quasigroup that need not commute; 5 and 2, all {x, y, xy} of an idempotent quasigroup on the points
    (compare Colbourn and Rosa, "Triple Systems", 1999).
    """
    if points == 6:  # the one order whose quasigroup, of order 2, does not exist
        ring = np.arange(5)[:, None]
        return np.concatenate(
            [(ring + np.array([0, 1, 4])) % 5, np.hstack([(ring + np.array([0, 2])) % 5, 0 * ring + 5])]
        )
    kind = points % 6
    if kind == 3:
        return _bose(points // 3)
    if kind == 1:
        return _skolem(points // 6)
    if kind in (0, 4):
        return _twofold(points // 3, infinity=kind == 4)
    product = _idempotent(points)
    if kind == 5:
        x, y = np.triu_indices(points, 1)
    else:
        x, y = np.nonzero(~np.eye(points, dtype=bool))
    return np.stack([x, y, product[x, y]], axis=1)


def _bose(n: int) -> Table:
    """v = 3n, n odd: points (x, i) are x + n i; {(x,i), (y,i), (xy,i+1)} with a commutative product."""
    x, y = np.triu_indices(n, 1)
    product = _idempotent(n)[x, y]
    mixed = [np.stack([x + n * i, y + n * i, product + n * ((i + 1) % 3)], axis=1) for i in range(3)]
    return np.concatenate([_columns(n), *mixed])


def _skolem(m: int) -> Table:
    """v = 6m + 1: as `_bose` on 2m symbols whose product is half-idempotent, and a point at infinity, 6m."""
    n = 2 * m
    total = np.add.outer(np.arange(n), np.arange(n)) % n
    product = np.where(total % 2 == 0, total // 2, (total - 1) // 2 + m)
    x, y = np.triu_indices(n, 1)
    blocks = [_columns(n)[:m]]
    low = np.arange(m)
    for i in range(3):
        following = n * ((i + 1) % 3)
        blocks.append(np.stack([np.full(m, 6 * m), low + m + n * i, low + following], axis=1))
        blocks.append(np.stack([x + n * i, y + n * i, product[x, y] + following], axis=1))
    return np.concatenate(blocks)


def _twofold(n: int, infinity: bool) -> Table:
    """λ = 2 on 3n or 3n + 1 points: `_bose` with both orders of x and y, and each column covered twice."""
    x, y = np.nonzero(~np.eye(n, dtype=bool))
    product = _idempotent(n)[x, y]
    blocks = [np.stack([x + n * i, y + n * i, product + n * ((i + 1) % 3)], axis=1) for i in range(3)]
    columns = _columns(n)
    if infinity:
        far = np.full(n, 3 * n)
        blocks += [np.stack([far, columns[:, i], columns[:, (i + 1) % 3]], axis=1) for i in range(3)]
        blocks.append(columns)
    else:
        blocks += [columns, columns]
    return np.concatenate(blocks)


def _columns(n: int) -> Table:
    """The triples {(x, 0), (x, 1), (x, 2)}."""
    return np.arange(n)[:, None] + n * np.arange(3)


def _idempotent(n: int) -> Table:
    """An idempotent quasigroup of order n != 2, commutative for odd n.

    Odd n: x y = (x + y) / 2 modulo n. Even n: the addition table of order n - 1 is extended by a row, a
    column and a symbol along its main diagonal; the next diagonal with the new corner then meets every row,
    column and symbol once, and rows and symbols are renamed so that it becomes the identity.
    """
    total = np.add.outer(np.arange(n), np.arange(n))
    if n % 2:
        return total * ((n + 1) // 2) % n
    old = np.arange(n - 1)
    square = np.zeros((n, n), np.int64)
    square[:-1, :-1] = total[:-1, :-1] % (n - 1)
    diagonal = square[old, old].copy()
    square[old, -1] = diagonal
    square[-1, old] = diagonal
    square[old, old] = n - 1
    square[-1, -1] = n - 1
    columns = np.append((old + 1) % (n - 1), n - 1)
    rows = np.arange(n)
    renamed = np.empty(n, np.int64)
    renamed[square[rows, columns]] = rows
    return renamed[square[:, columns]]
