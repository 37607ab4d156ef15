"""Files from the transpose of a Ramanujan bigraph's matrix: case 1 of ByzShield, K = m s with m < s."""

from aspis_sim.assignment.base import Assignment, Shape, check_numbers, listing, nearest
from aspis_sim.assignment.cyclic_blocks import block_matrix, groups
from aspis_sim.assignment.galois_field import is_prime
from aspis_sim.errors import InputError


def shape(workers: int, redundancy: int) -> Shape:
    """Files and load, (s², s) with s = K/r, after checking the parameters as `ramanujan_1` does."""
    check_numbers(workers, redundancy)
    prime, rest = divmod(workers, redundancy)
    if rest or not is_prime(prime) or redundancy >= prime:
        primes = [s for s in range(redundancy + 1, 2 * max(prime, redundancy) + 8) if is_prime(s)]
        sizes = nearest(workers, [redundancy * s for s in primes])
        raise InputError(
            f"ramanujan-1: {workers} workers with redundancy {redundancy} need K/r to be a prime above r; "
            f"try workers {listing(sizes, 'or')}"
        )
    return Shape(prime * prime, prime)


def ramanujan_1(workers: int, redundancy: int) -> Assignment:
    """Incidence Bᵀ of `block_matrix` with s = K/r and m = r: f = s², l = s.

    Two workers share one file, or none when they belong to the same block of s.

    Source: ByzShield (MLSys 2021, arXiv 2010.04902), Ramanujan case 1.

    Raises:
        InputError: K/r is not a prime above r (the nearest K are named), or K and r allow no vote.
    """
    _, prime = shape(workers, redundancy)
    return Assignment("ramanujan-1", workers, groups(block_matrix(prime, redundancy).T))
