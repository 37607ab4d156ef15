"""The best of all targetings against one detector, found by playing each of them through graph, verdict and vote."""

from collections.abc import Iterator

import numpy as np

from aspis_sim.adversary.choices import Attack, blocks, decoy, frame, majority_held, stealth, strong, weak
from aspis_sim.assignment import Assignment
from aspis_sim.detection import detector as named_detector
from aspis_sim.detection.reference import agreement_graph, apply_verdict
from aspis_sim.detection.verdict import as_published


def strongest(assignment: Assignment, q: int, detector: str, after_detection: str = "published") -> Attack:
    """The attack after which the largest fraction of the files in the update is distorted.

    Candidates are weak, strong, majority, stealth, blocks, decoy, and the frame-ups of every d. Of equal fractions one
    that enters a plain mean counts as stronger, since no robust rule stands behind it; then the first in that order.

    Args:
        assignment: who holds which file.
        q: Byzantine workers.
        detector: registered name of the detector of the scheme under attack.
        after_detection: "published", "average" or "rule": whether a plain mean follows its verdicts.
    """

    def harm(attack: Attack) -> tuple[float, bool]:
        return distorted_share(attack, assignment, q, detector, after_detection)

    return max(candidates(assignment, q, detector), key=harm)


def strongest_frame_up(assignment: Assignment, q: int, detector: str, after_detection: str = "published") -> Attack:
    """The frame-up with the d in 0 .. q - 1 that is strongest in the sense of `strongest`."""
    if not assignment.complete or q == 0:
        return strong(assignment, q, detector)
    frames = [frame(assignment, q, d) for d in range(q)]
    return max(frames, key=lambda attack: distorted_share(attack, assignment, q, detector, after_detection))


def candidates(assignment: Assignment, q: int, detector: str = "clique") -> Iterator[Attack]:
    """All attacks that `strongest` chooses from."""
    yield weak(assignment, q)
    yield strong(assignment, q, detector)
    for targeting in (majority_held, stealth, blocks, decoy):
        yield targeting(assignment, q)
    if assignment.complete:
        yield from (frame(assignment, q, d) for d in range(1, q))


def distorted_share(
    attack: Attack, assignment: Assignment, q: int, detector: str, after_detection: str = "published"
) -> tuple[float, bool]:
    """Distorted files over files in the update, and whether they enter a plain mean.

    A lie is taken to be one vector a file, different from the honest gradient.
    """
    tokens = attack.distorts.astype(np.int64)
    graph = agreement_graph(assignment, tokens)
    verdict = named_detector(detector)(graph, max_byzantine=q, assignment=assignment)
    if after_detection == "published":
        verdict = as_published(verdict, q)
    update = apply_verdict(verdict, assignment, tokens)
    distorted = int((update.tokens[update.kept] != 0).sum())
    plain_mean = update.plain_mean and after_detection != "rule"
    return distorted / max(1, int(update.kept.sum())), plain_mean and distorted > 0
