"""Tests of paired differences when there are few pairs: Student's t, the exact sign-flip test, Holm's correction.

Student's t assumes that differences are normally distributed, which a handful of seeds cannot check. The sign-flip test
(Fisher 1935) assumes only that without a difference each sign is as likely as the other; it compares the sum with those
of all 2^n choices of signs, so that no p below 2^(1-n) can come out of n pairs.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05
"""Probability of calling any difference where there is none, over all tests of a comparison together."""
MOST_PAIRS = 40
"""Pairs up to which the sign-flip test is exact in a second; 2^20 sums are kept."""
ROUNDING = 1e-12
"""Relative: differences of numbers this close are taken as equal, for they are rounded themselves."""


class Paired(NamedTuple):
    """What n pairs say about the mean of their differences.

    Attributes:
        mean: of first - second.
        half_width: of its 95% interval (Student's t), None for one pair.
        p_t: of Student's t, two-sided; None for one pair, or where all differences are equal and t has no spread to
            judge by.
        p_sign_flip: of the exact sign-flip test, two-sided; None for more than `MOST_PAIRS` pairs that are not equal.
    """

    mean: float
    half_width: float | None
    p_t: float | None
    p_sign_flip: float | None


def paired(first: Iterable[float], second: Iterable[float]) -> Paired:
    """Compare two lists of finite numbers, pair by pair; one or more pairs."""
    from scipy.special import stdtr, stdtrit

    a, b = (np.array([*side], np.float64) for side in (first, second))
    differences, count = a - b, len(a)
    slack = ROUNDING * float(np.maximum(abs(a), abs(b)).max())
    differences[abs(differences) <= slack] = 0.0
    mean = math.fsum(differences) / count
    if np.ptp(differences) <= slack:
        return Paired(mean, 0.0 if count > 1 else None, None, least_p(count) if mean else 1.0)
    flipped = p_sign_flip(differences, slack * count) if count <= MOST_PAIRS else None
    unit = unit_of(differences)
    error = unit * float((differences / unit).std(ddof=1)) / math.sqrt(count)
    p = 2 * float(stdtr(count - 1, -abs(mean) / error))
    return Paired(mean, float(stdtrit(count - 1, 0.975)) * error, p, flipped)


def p_sign_flip(differences: NDArray[np.float64], slack: float = 0.0) -> float:
    """The share of all 2^n choices of signs whose sum is at least as far from 0 as the sum seen.

    The sums of each half of the pairs are made, and those of one half are looked up for every sum of the other.

    Args:
        differences: ``[n]``, n from 1 to `MOST_PAIRS`.
        slack: sums that fall short of the one seen by no more, or by its rounding, count as equal to it.
    """
    seen = abs(math.fsum(differences)) - max(slack, ROUNDING * float(abs(differences).sum()))
    if seen <= 0:
        return 1.0
    half = len(differences) // 2
    left, right = _signed_sums(differences[:half]), np.sort(_signed_sums(differences[half:]))
    above = int((len(right) - np.searchsorted(right, seen - left)).sum())
    return 2 * above / 2 ** len(differences)


def unit_of(values: Iterable[float]) -> float:
    """The power of two above the sizes of finite numbers, 1 if all are 0: divided by it, none overflows as a square."""
    return 2.0 ** math.frexp(max(map(abs, values)))[1]


def least_p(pairs: int) -> float:
    """The smallest p that the sign-flip test can give with so many pairs."""
    return 2.0 ** (1 - pairs)


def pairs_needed(tests: int) -> int:
    """Pairs from which the sign-flip test can show one difference among so many tests, after Holm's correction."""
    return 1 + math.ceil(math.log2(tests / LEVEL))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979): adjusted p, in the order given; those up to 0.05 show a difference.

    The chance that any of them is wrong is then 5% at most, however the tests depend on each other.
    """
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = highest
    return adjusted


def _signed_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums - value, sums + value])
    return sums
