"""Certified values; where there is none, the files of which no hypothesis can have forged a large share."""

from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.certified import certify_values
from aspis_sim.detection.remaining import most_files_a_group
from aspis_sim.detection.verdict import Outcome, Verdict, disagreement_of

MOST_SETS = 100_000
"""Sets of q workers that are listed to find the hypotheses among them."""

MOST_CELLS = 20_000_000
"""Hypotheses times files that are compared; more take the bounds of the proof instead (K=17, q=8 is below it)."""


def keep_least_forgeable(
    agreement: NDArray[Any], *, max_byzantine: int, assignment: Assignment | None = None
) -> Verdict:
    """Certify as `certified` does; where nothing is certified, keep files of which few can be forged at once.

    The share forged of a set of files is the largest part of them that one hypothesis holds alone. Of what can be kept
    without a doubt about its value (*settled* files: their remaining copies must agree, whatever was returned), files
    are left out one by one, each from the hypothesis that holds most, as long as any are left; the set with the least
    share on the way is kept, or that of the claim if its share is less.

    Claim `on the subset assignment the kept files have at most C(q, r) / C(K, r) distorted ones among them`, under any
    attack by q < K / 2 workers, and no rule that looks at one step can promise less. Take a largest set of disjoint
    pairs that disagree to which no other can be added, m pairs, and leave out both workers of each. Each pair has a
    Byzantine end, so at most q - m of the other K - 2m workers are Byzantine, and no two of these disagree: of the
    C(K - 2m, r) files that they hold alone at most C(q - m, r) are distorted. The factors of the quotient,
    (q - m - i) / (K - 2m - i), grow with no pair as K > 2q, so it is at most C(q, r) / C(K, r). If K - 2m is less than
    r, put pairs back until it is r or r + 1, both more than twice the Byzantines left; a file of these workers then has
    a value that more workers returned than can be Byzantine, and is certified (as is one of a file of all K workers and
    others, where K is less than r from the start). Workers in every hypothesis are left out first, which lowers both q
    and K by one each. ∎ For the bound, let nobody disagree: the server's weights, or its
    choice, are the same whichever q workers are Byzantine, and lie about the C(q, r) files they hold alone; averaged
    over all sets of q workers the weight of these files is C(q, r) / C(K, r), so some set reaches it. ∎

    The pairs are the step known as player elimination (Hirt, Maurer, Przydatek, ASIACRYPT 2000); the rule was found
    for this project. Where the hypotheses are too many to list, the pairs are compared with all settled files by the
    bounds above.

    Args:
        agreement: bool ``[K, K]``, symmetric: the pair agreed on all the files that it shares, or shares none.
        max_byzantine: q, the most workers that are Byzantine, 0 or more.
        assignment: whose groups and slots the tables are laid out by; needed.

    Returns:
        As `certified`, with the files to keep where nothing is certified and the most of them that are distorted.

    Raises:
        InputError: as `certify_values`.
    """
    verdict = certify_values(agreement, max_byzantine=max_byzantine, assignment=assignment)
    if assignment is None or verdict.certified is None or verdict.outcome in (Outcome.UNIQUE, Outcome.OVER_BUDGET):
        return verdict
    disagreement = disagreement_of(agreement, max_byzantine)
    settled = settled_files(disagreement, verdict.honest, assignment)
    if (verdict.certified[:, -1] & settled).any():
        return verdict
    kept, distorted = least_forgeable(disagreement, verdict.honest, settled, max_byzantine, assignment)
    return replace(verdict, kept=kept, distorted=distorted)


def settled_files(
    disagreement: NDArray[np.bool_], honest: NDArray[np.bool_], assignment: Assignment
) -> NDArray[np.bool_]:
    """Bool ``[f]``: copies of workers that are not excluded are there, and must be equal.

    They are if the workers are joined by agreements, since equality passes on from one to the next.
    """
    files = assignment.files
    left = honest[files]
    agree = ~disagreement[files[:, :, None], files[:, None, :]] & left[:, :, None] & left[:, None, :]
    reached = np.zeros_like(left)
    reached[np.arange(len(files)), left.argmax(axis=1)] = True
    reached &= left
    for _ in range(assignment.redundancy - 1):
        reached |= np.any(agree & reached[:, None, :], axis=2)
    return np.any(left, axis=1) & np.all(reached == left, axis=1)


def least_forgeable(
    disagreement: NDArray[np.bool_],
    honest: NDArray[np.bool_],
    settled: NDArray[np.bool_],
    q: int,
    assignment: Assignment,
) -> tuple[NDArray[np.bool_], int]:
    """The files to keep, bool ``[f]``, and the most of them that can be distorted.

    Args:
        disagreement: bool ``[K, K]``.
        honest: bool ``[K]``, the workers that are not in every hypothesis.
        settled: bool ``[f]``, the files to choose from.
        q: the most Byzantine workers.
        assignment: f files of r workers each.
    """
    single, pairs = unmatched(disagreement, honest)
    apart = settled & np.all(single[assignment.files], axis=1)
    explain = hypotheses_of(disagreement, q)
    if explain is None or len(explain) * len(settled) > MOST_CELLS:
        excluded, group = int((~honest).sum()), most_files_a_group(assignment)
        inside = comb(q, assignment.redundancy) - comb(excluded, assignment.redundancy)
        alone = comb(max(0, q - excluded - pairs), assignment.redundancy)
        choices = [(settled, inside * group), (apart, alone * group)]
    else:
        held = np.ones((len(settled), len(explain)), bool)
        for holders in assignment.files.T:
            held &= explain[:, holders].T
        most = int(held[apart].sum(axis=0).max()) if apart.any() else 0
        choices = [peeled(held, settled), (apart, most)]
    sized = [(kept, min(most, int(kept.sum()))) for kept, most in choices]
    (first, one), (second, other) = sized
    return sized[1] if other * int(first.sum()) < one * int(second.sum()) else sized[0]


def unmatched(disagreement: NDArray[np.bool_], honest: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """The workers, bool ``[K]``, outside disjoint pairs that disagree, to which no pair can be added, and the pairs.

    Only workers that are not excluded are paired, the lowest first.
    """
    single, pairs = honest.copy(), 0
    for worker in range(len(single)):
        partners = np.flatnonzero(single & disagreement[worker])
        if single[worker] and len(partners):
            single[[worker, partners[0]]] = False
            pairs += 1
    return single, pairs


def hypotheses_of(disagreement: NDArray[np.bool_], q: int) -> NDArray[np.bool_] | None:
    """Bool ``[h, K]``, the sets of exactly q workers that explain the graph; None if too many would be tried.

    A smaller hypothesis lies within one of them.
    """
    if comb(len(disagreement), q) > MOST_SETS:
        return None
    sets = _sets(len(disagreement), q)
    outside = np.float32(1) - sets
    return sets[~np.any((outside @ disagreement.astype(np.float32)) * outside, axis=1)]


@lru_cache(maxsize=4)
def _sets(workers: int, size: int) -> NDArray[np.bool_]:
    chosen = np.array(list(combinations(range(workers), size)), np.intp).reshape(-1, size)
    sets = np.zeros((len(chosen), workers), bool)
    sets[np.arange(len(chosen))[:, None], chosen] = True
    return sets


def peeled(held: NDArray[np.bool_], settled: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int]:
    """Leave out files one by one; the set on the way, bool ``[f]``, of which one hypothesis holds the least share.

    The next to go is of the hypothesis that holds most (the first of these) the file that most hypotheses hold (again
    the first). Of sets with equal shares the largest stays.

    Args:
        held: bool ``[f, h]``, whether the hypothesis contains all workers of the file.
        settled: bool ``[f]``, the files to begin with.

    Returns:
        The set, and the most of its files that one hypothesis holds.
    """
    kept, loads = settled.copy(), held.sum(axis=1)
    inside = held[settled].sum(axis=0)
    size = int(settled.sum())
    most = int(inside.max(initial=0))
    best, least, largest = kept.copy(), most, size
    while most:
        files = np.flatnonzero(kept & held[:, int(inside.argmax())])
        file = files[loads[files].argmax()]
        kept[file] = False
        inside -= held[file]
        size -= 1
        most = int(inside.max())
        if size and most * largest < least * size:
            best, least, largest = kept.copy(), most, size
    return best, least
