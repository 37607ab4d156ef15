"""Files distorted on average when the q Byzantine workers are drawn at random, as an exact expectation."""

from fractions import Fraction
from math import comb

from aspis_sim.distortion.closed_forms import majority


def majority_probability(workers: int, redundancy: int, byzantine: int) -> Fraction:
    """Probability that a file has at least r' Byzantines when q of the K workers are drawn at random.

    A file's r workers are a sample of the K, so the number of Byzantines among them is hypergeometric,
    whatever the assignment; by linearity f times this is the expected number of distorted files.
    """
    need = majority(redundancy)
    favourable = sum(
        comb(redundancy, bad) * comb(workers - redundancy, byzantine - bad)
        for bad in range(need, min(redundancy, byzantine) + 1)
    )
    return Fraction(favourable, comb(workers, byzantine))


def expected_distorted(files: int, workers: int, redundancy: int, byzantine: int) -> Fraction:
    """Expected files with a Byzantine majority under a random membership: f times `majority_probability`."""
    return files * majority_probability(workers, redundancy, byzantine)
