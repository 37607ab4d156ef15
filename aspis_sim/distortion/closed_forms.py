"""Worst-case and expected counts of distorted files that need no search, each with its source."""

from math import comb


def majority(redundancy: int) -> int:
    """r' = (r + 1) / 2: the copies that decide the vote of a file held by an odd number r of workers."""
    return (redundancy + 1) // 2


def subset_strong(byzantine: int, redundancy: int) -> int:
    """C(2q, r) / 2: most files of the subset assignment that q omniscient Byzantines distort past a vote.

    They pick q honest workers D and distort the files inside A ∪ D; by exchanging A and D, half of those
    files have a Byzantine majority. Tight (arXiv 2208.08085, Theorem 1).
    """
    return comb(2 * byzantine, redundancy) // 2


def subset_weak(byzantine: int, redundancy: int) -> int:
    """C(q, r): files of the subset assignment held by Byzantines only, lost once those are detected."""
    return comb(byzantine, redundancy)


def repetition_strong(byzantine: int, redundancy: int) -> int:
    """floor(q / r'): repetition groups in which q well placed Byzantines have a majority."""
    return byzantine // majority(redundancy)


def repetition_weak(workers: int, redundancy: int, byzantine: int) -> int:
    """max(0, q - (K/r)(r'-1)): groups with a Byzantine majority when the q are spread as thinly as can be.

    Every group takes r'-1 Byzantines before any has a majority; with more than that each further one tips a
    group (at most K/r of them).
    """
    groups = workers // redundancy
    return min(groups, max(0, byzantine - groups * (majority(redundancy) - 1)))
