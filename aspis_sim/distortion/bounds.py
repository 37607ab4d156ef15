"""Upper bounds on the files that q Byzantine workers can distort, proven by counting alone."""

from math import comb

import numpy as np

from aspis_sim.assignment.base import Assignment


def second_eigenvalue(assignment: Assignment) -> float:
    """Second largest eigenvalue of H Hᵀ / (l r), H the incidence; the largest is 1.

    1/r for `mols` and both Ramanujan assignments; the smaller, the more files any q workers reach together.
    """
    if assignment.workers < 2:
        return 0.0
    spectrum = np.linalg.eigvalsh(assignment.shared / (assignment.load * assignment.redundancy))
    return float(max(spectrum[-2], 0.0))


def spectral_gamma(byzantine: int, load: int, redundancy: int, workers: int, eigenvalue: float | None = None) -> float:
    """Spectral bound of ByzShield on the distorted files, γ = (q l - β) / ((r - 1) / 2).

    β = (q l / r) / (μ + (1 - μ) q / K) is the least number of files that q workers can hold together, by the
    expansion of a graph whose `second_eigenvalue` is μ. A file of which they hold i copies takes i - 1 of
    the q l - β copies too many, and a distorted one at least r' - 1 = (r - 1)/2.

    Source: ByzShield (MLSys 2021, arXiv 2010.04902), where μ = 1/r; here any μ may be given.

    Raises:
        ValueError: r = 1, where the denominator vanishes.
    """
    if redundancy < 2:
        raise ValueError("the spectral bound needs a redundancy of at least 3")
    if byzantine == 0:
        return 0.0
    mu = 1 / redundancy if eigenvalue is None else eigenvalue
    held = byzantine * load / redundancy / (mu + (1 - mu) * byzantine / workers)
    return (byzantine * load - held) / ((redundancy - 1) / 2)


def counting_bound(assignment: Assignment, byzantine: int) -> int:
    """Least of three counts that no q workers can exceed.

    All files; the copies that q workers hold, r' of them a distorted file; and the pairs of copies, of which
    two workers have at most max(shared) together and a distorted file takes C(r', 2).
    """
    need = assignment.majority
    bound = min(len(assignment.files), byzantine * assignment.load // need)
    if need >= 2 and assignment.workers >= 2:
        shared = assignment.shared.copy()
        shared[range(len(shared)), range(len(shared))] = 0
        bound = min(bound, int(shared.max()) * comb(byzantine, 2) // comb(need, 2))
    return bound if byzantine >= need else 0


def after_removal(value: int, size: int, need: int) -> int:
    """Files that some ``size - 1`` of ``size`` workers still distort when all of them distort ``value``.

    A file held by exactly r' of them survives the removal of the other size - r'; on average over the worker
    removed at least value (size - r') / size files survive, so some removal leaves that many, rounded up.
    """
    return -(-value * (size - need) // size)


def after_addition(best: int, size: int, need: int) -> int:
    """Most files that ``size`` workers can distort when no ``size - 1`` distort more than ``best``.

    The same average read the other way: value (size - r') / size <= best.
    """
    return best * size // (size - need)
