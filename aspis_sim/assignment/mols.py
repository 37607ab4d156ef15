"""Files as the cells of r mutually orthogonal Latin squares over GF(l): the assignment of ByzShield."""

import numpy as np

from aspis_sim.assignment.base import Assignment, Shape, check_numbers, listing, nearest
from aspis_sim.assignment.galois_field import field, prime_power
from aspis_sim.errors import InputError


def shape(workers: int, redundancy: int) -> Shape:
    """Files and load, (l², l) with l = K/r, after checking the parameters as `mols` does."""
    check_numbers(workers, redundancy)
    order, rest = divmod(workers, redundancy)
    if rest or prime_power(order) is None or redundancy > order - 1:
        orders = [n for n in range(2, 2 * max(order, redundancy) + 8) if prime_power(n) and redundancy < n]
        sizes = nearest(workers, [redundancy * n for n in orders])
        if rest:
            reason = f"redundancy {redundancy} does not divide {workers} workers"
        elif prime_power(order) is None:
            reason = f"K/r = {order} is not a prime power"
        else:
            reason = f"squares of order {order} are mutually orthogonal only up to {order - 1} of them"
        raise InputError(
            f"mols: no construction for {workers} workers with redundancy {redundancy} ({reason}); "
            f"try workers {listing(sizes, 'or')}"
        )
    return Shape(order * order, order)


def mols(workers: int, redundancy: int) -> Assignment:
    """Cells (i, j) of an l × l grid are the files; worker a l + s holds those where square a shows symbol s.

    Square a is L(i, j) = α i + j over GF(l) with α the field's element number a + 1, so f = l², and two
    workers share one file, or none when they belong to the same square.

    Source: ByzShield (MLSys 2021, arXiv 2010.04902). Its public code computes modulo l, which is
    right for a prime l only: at l = 4, 8, 9, ... those squares are not orthogonal. Here it is GF(l) for
    every prime power.

    Raises:
        InputError: K/r is not a prime power or r > l - 1 (the nearest K that work are named), or K and r
            allow no vote.
    """
    _, order = shape(workers, redundancy)
    gf = field(order)
    row, column = np.divmod(np.arange(order * order), order)
    symbols = [gf.add(gf.multiply(a + 1, row), column) + a * order for a in range(redundancy)]
    return Assignment("mols", workers, np.stack(symbols, axis=1).astype(np.int32))
