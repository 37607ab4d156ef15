"""No redundancy: worker i computes file i and nobody checks it."""

import numpy as np

from aspis_sim.assignment.base import Assignment, Shape, check_numbers
from aspis_sim.errors import InputError


def shape(workers: int, redundancy: int = 1) -> Shape:
    """Files and load, (K, 1), after checking the parameters as `baseline` does."""
    if redundancy != 1:
        raise InputError(f"baseline has no redundancy: got redundancy {redundancy}, only 1 works")
    check_numbers(workers, redundancy)
    return Shape(workers, 1)


def baseline(workers: int, redundancy: int = 1) -> Assignment:
    """One file a worker, one worker a file: f = K, l = r = 1.

    Raises:
        InputError: K < 1, or a redundancy other than 1.
    """
    shape(workers, redundancy)
    return Assignment("baseline", workers, np.arange(workers, dtype=np.int32)[:, None])
