"""Disjoint groups of r workers computing the same file: DETOX and the repetition code of DRACO."""

import numpy as np

from aspis_sim.assignment.base import Assignment, Shape, check_numbers, listing, nearest
from aspis_sim.errors import InputError


def shape(workers: int, redundancy: int) -> Shape:
    """Files and load, (K/r, 1), after checking the parameters as `repetition` does."""
    check_numbers(workers, redundancy)
    if workers % redundancy:
        sizes = nearest(workers, [redundancy * m for m in (workers // redundancy, workers // redundancy + 1)])
        divisors = [r for r in range(3, workers + 1, 2) if workers % r == 0]
        advice = f"workers {listing(sizes, 'or')}"
        if divisors:
            advice += f", or with {workers} workers redundancy {listing(nearest(redundancy, divisors), 'or')}"
        raise InputError(
            f"repetition: redundancy {redundancy} does not divide {workers} workers into groups; try {advice}"
        )
    return Shape(workers // redundancy, 1)


def repetition(workers: int, redundancy: int) -> Assignment:
    """Contiguous groups of r workers, one file a group: f = K/r, l = 1.

    Source: DRACO (ICML 2018) and DETOX (NeurIPS 2019). Workers of a group share their one file, others
        share none.

    Raises:
        InputError: r does not divide K (the nearest that do are named), or K and r allow no vote.
    """
    shape(workers, redundancy)
    return Assignment("repetition", workers, np.arange(workers, dtype=np.int32).reshape(-1, redundancy))
