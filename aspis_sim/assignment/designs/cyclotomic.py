"""Designs from the multiplicative subgroups of GF(v): every block an affine image of one subgroup."""

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.galois_field import field, prime_power

Table = NDArray[np.int64]


def pair_files(points: int, size: int) -> int | None:
    """λ of the design that `cyclotomic` makes for v points and blocks of k, or None when it makes none."""
    if prime_power(points) is None or size >= points:
        return None
    if size % 2 == 1 and (points - 1) % size == 0:
        return (size - 1) // 2 if points % 2 else size - 1
    if (points - 1) % (size - 1) == 0:
        return size
    return None


def cyclotomic(points: int, size: int) -> Table:
    """Blocks ``[b, k]`` on GF(v), v a prime power.

    With k dividing v - 1, H is the subgroup of order k and the base blocks are its cosets; for odd v one of
    each coset and its negative is enough, so λ = (k - 1)/2, otherwise λ = k - 1. With k - 1 dividing v - 1,
    H is the subgroup of order k - 1 with 0 and λ = k. Translating the base blocks by every element gives
    the design.

    Source: Wilson, "Cyclotomy and difference families in elementary abelian groups", J. Number Theory 4
        (1972).
    """
    gf = field(points)
    plain = size % 2 == 1 and (points - 1) % size == 0
    order = size if plain else size - 1
    cosets = (points - 1) // order
    generator = gf.generator
    powers = np.array([gf.power(generator, e) for e in range(points - 1)])
    subgroup = powers[::cosets]
    if plain and points % 2:
        cosets //= 2  # -1 is the power (v-1)/2, so it pairs coset i with coset i + cosets/2
    base = gf.multiply(powers[:cosets, None], subgroup[None])
    if not plain:
        base = np.concatenate([base, np.zeros((cosets, 1), np.int64)], axis=1)
    moved = gf.add(base[:, None, :], np.arange(points)[None, :, None])
    return moved.reshape(-1, size)
