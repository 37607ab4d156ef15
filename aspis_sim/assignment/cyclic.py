"""Every file on r consecutive workers, around a circle: the supports of DRACO's cyclic code."""

import numpy as np

from aspis_sim.assignment.base import Assignment, Shape, check_numbers


def shape(workers: int, redundancy: int) -> Shape:
    """Files and load, (K, r), after checking the parameters as `cyclic` does."""
    check_numbers(workers, redundancy)
    return Shape(workers, redundancy)


def cyclic(workers: int, redundancy: int) -> Assignment:
    """File j on workers j, j+1, ..., j+r-1 modulo K: f = K, l = r.

    Source: DRACO (ICML 2018, arXiv 1803.09877), cyclic code. Two workers at distance d around the circle
    share max(0, r - d) + max(0, r - (K - d)) files.

    Raises:
        InputError: K and r allow no vote.
    """
    shape(workers, redundancy)
    groups = (np.arange(workers)[:, None] + np.arange(redundancy)) % workers
    return Assignment("cyclic", workers, np.sort(groups, axis=1).astype(np.int32))
