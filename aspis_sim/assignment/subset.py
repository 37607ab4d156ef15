"""Every r-subset of the workers holds one file: the assignment of Aspis."""

from fractions import Fraction
from itertools import count, takewhile
from math import comb, log10

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment, Shape, check_numbers
from aspis_sim.errors import InputError

# The table of groups alone may take this much; every later array of a run is several times larger.
LARGEST_TABLE = 512 * 2**20


def shape(workers: int, redundancy: int) -> Shape:
    """Files and load, (C(K,r), C(K-1,r-1)), after checking the parameters as `subset` does."""
    check_numbers(workers, redundancy)
    files = comb(workers, redundancy)
    if _bytes(workers, redundancy) > LARGEST_TABLE:
        fits = takewhile(lambda k: _bytes(k, redundancy) <= LARGEST_TABLE, count(redundancy))
        gibibytes = (_bytes(workers, redundancy) + files * workers) / Fraction(2**30)
        raise InputError(
            f"subset: {workers} workers with redundancy {redundancy} make {_words(files)} files, "
            f"{_words(gibibytes)} GiB for the assignment alone;\n"
            f"try at most {max(fits)} workers, a smaller redundancy, or another assignment (bibd, mols)"
        )
    return Shape(files, comb(workers - 1, redundancy - 1))


def subset(workers: int, redundancy: int) -> Assignment:
    """All r-subsets in lexicographic order: f = C(K,r), l = C(K-1,r-1).

    Source: Konstantinidis, Ramamoorthy, Vaswani, IEEE/ACM Trans. Networking 2023 (arXiv 2208.08085).
    Two workers share C(K-2,r-2) files, so any pair can be compared.

    Raises:
        InputError: the table would not fit the memory (says how many files and how much), or K and r allow
            no vote.
    """
    shape(workers, redundancy)
    return Assignment("subset", workers, subsets(workers, redundancy), complete=True)


def subsets(n: int, size: int) -> NDArray[np.int32]:
    """All ``size``-subsets of 0..n-1 as an int array ``[C(n,size), size]``, rows in lexicographic order."""
    table = np.zeros((1, 0), np.int32)
    last = np.array([-1])
    for column in range(size):
        room = n - size + column - last
        ends = np.cumsum(room)
        step = np.arange(ends[-1]) - np.repeat(ends - room, room)
        value = np.repeat(last + 1, room) + step
        table = np.concatenate([np.repeat(table, room, axis=0), value[:, None].astype(np.int32)], axis=1)
        last = value
    return table


def _words(number: int | Fraction) -> str:
    """A number for reading: with one decimal if it is a fraction, as a power of ten if it is huge."""
    if number >= 10**15:
        return f"10^{int(int(number).bit_length() * log10(2))}"
    return f"{number:,}" if isinstance(number, int) else f"{float(number):,.1f}"


def _bytes(workers: int, redundancy: int) -> int:
    return 4 * redundancy * comb(workers, redundancy)
