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


def subset_held(workers: int, byzantine: int, redundancy: int, need: int) -> int:
    """Files of the subset assignment that are held by at least ``need`` of q Byzantines, whoever they are.

    With ``need`` = r' these are the files that a bare vote can lose, with ``need`` = r those that Byzantines hold
    alone, C(q, r).
    """
    return sum(
        comb(byzantine, held) * comb(workers - byzantine, redundancy - held) for held in range(need, redundancy + 1)
    )


def subset_frame_up(byzantine: int, framed: int, redundancy: int) -> int:
    """C(q + d, r) - C(d, r): distorted files in the update after q Byzantines framed d < q workers.

    Distorted are the files whose honest holders are among the framed, who are excluded by the clique detector (found
    for this project; d = 0 frames nobody and leaves C(q, r)).
    """
    return comb(byzantine + framed, redundancy) - comb(framed, redundancy)


def subset_decoy(workers: int, byzantine: int, redundancy: int) -> int:
    """Files that the vote loses under the decoy (`aspis_sim.adversary.choices.decoy`), none with fewer than r - 1.

    The e = q - 1 exposed workers win the files of which they hold r' copies; the file of r - 2 of them, the last
    Byzantine and the honest worker is lost too, where r - 2 alone would be no majority, which is so for r = 3.
    """
    exposed = byzantine - 1
    if exposed < redundancy - 2 or redundancy < 3:
        return 0
    accused = comb(exposed, redundancy - 2) if redundancy - 2 < majority(redundancy) else 0
    return subset_held(workers, exposed, redundancy, majority(redundancy)) + accused


def subset_clique(workers: int, byzantine: int, redundancy: int) -> int:
    """Most distorted files known to pass the clique detector on the subset assignment.

    The largest of C(2q, r) / 2 (Theorem 1), the decoy, and the frame-ups of every d < q.
    """
    frames = (subset_frame_up(byzantine, framed, redundancy) for framed in range(byzantine))
    decoy = subset_decoy(workers, byzantine, redundancy)
    return max(subset_strong(byzantine, redundancy), decoy, *frames, 0)


def subset_weak(byzantine: int, redundancy: int) -> int:
    """C(q, r): files of the subset assignment held by Byzantines only, lost once those are detected."""
    return comb(byzantine, redundancy)


def repetition_held(groups: int, byzantine: int, need: int) -> int:
    """floor(q / need), at most all: repetition groups of which q well placed Byzantines hold ``need`` copies each.

    With ``need`` = r' these are the groups whose vote they win.
    """
    return min(groups, byzantine // need)


def repetition_weak(workers: int, redundancy: int, byzantine: int) -> int:
    """max(0, q - (K/r)(r'-1)): groups with a Byzantine majority when the q are spread as thinly as can be.

    Every group takes r'-1 Byzantines before any has a majority; with more than that each further one tips a
    group (at most K/r of them).
    """
    groups = workers // redundancy
    return min(groups, max(0, byzantine - groups * (majority(redundancy) - 1)))
