"""Files from a Ramanujan bigraph's matrix itself: case 2 of ByzShield, K = s² workers."""

from aspis_sim.assignment.base import Assignment, Shape, check_numbers, listing, nearest
from aspis_sim.assignment.cyclic_blocks import block_matrix, groups
from aspis_sim.assignment.galois_field import is_prime
from aspis_sim.errors import InputError


def shape(workers: int, redundancy: int, load: int | None = None) -> Shape:
    """Files and load, (r load, load), after checking the parameters as `ramanujan_2` does."""
    check_numbers(workers, redundancy)
    if workers != redundancy**2 or not is_prime(redundancy):
        primes = [s for s in range(3, 2 * max(redundancy, int(workers**0.5)) + 8) if is_prime(s)]
        pairs = [f"workers {s * s} redundancy {s}" for s in nearest(redundancy, primes, 2)]
        raise InputError(
            f"ramanujan-2: {workers} workers with redundancy {redundancy} need K = r² and r a prime; "
            f"try {listing(pairs, 'or')}"
        )
    columns = redundancy if load is None else load
    if columns < redundancy or columns % redundancy:
        sizes = nearest(columns, [redundancy * m for m in range(1, max(columns, 1) // redundancy + 2)], 2)
        raise InputError(
            f"ramanujan-2: load {columns} must be a multiple of the redundancy {redundancy}; try {listing(sizes, 'or')}"
        )
    return Shape(columns * redundancy, columns)


def ramanujan_2(workers: int, redundancy: int, load: int | None = None) -> Assignment:
    """Incidence B of `block_matrix` with s = r a prime and m = ``load``: K = s², f = m s, l = m.

    Blocks repeat after s columns, so two workers share m/s files, or none when they belong to the same block.

    Source: ByzShield (MLSys 2021, arXiv 2010.04902), Ramanujan case 2.

    Args:
        workers: K, the square of the redundancy.
        redundancy: r, an odd prime.
        load: l, a multiple of r; r itself by default.

    Raises:
        InputError: K is not r², r is not a prime, or the load is not a multiple of r (says what would work).
    """
    _, columns = shape(workers, redundancy, load)
    return Assignment("ramanujan-2", workers, groups(block_matrix(redundancy, columns)))
