"""What a search for lies found, and what any lies do: judged from the values, by the detector itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.reference import Update, agreement_graph, apply_verdict
from aspis_sim.detection.verdict import Detector

OBJECTIVES = ("count", "fraction")


@dataclass(frozen=True, eq=False)
class Result:
    """The strongest attack found on one detector.

    Attributes:
        detector: its registered name.
        objective: what was maximised: "count", the distorted files in the update, or "fraction", these over
            the files kept.
        count: distorted files that enter the update under the attack.
        kept: files that enter it, distorted or not.
        byzantine: bool ``[K]``, the liars' side.
        liars: bool ``[f, r]``, the attack: the slots that return their file's one common lie; all others
            return the truth.
        exhaustive: no attack of the game does better: all were covered. Otherwise a lower bound on the worst.
        graphs: disagreement graphs looked at; up to relabelling of workers on the subset assignment.
    """

    detector: str
    objective: str
    count: int
    kept: int
    byzantine: NDArray[np.bool_]
    liars: NDArray[np.bool_]
    exhaustive: bool
    graphs: int

    @property
    def fraction(self) -> float:
        """Distorted files over files kept; 0 if none is kept."""
        return self.count / self.kept if self.kept else 0.0

    @property
    def attack(self) -> dict[int, tuple[int, ...]]:
        """The lies as data: file -> the slots that return its lie, for the files that are lied about."""
        return {
            int(file): tuple(np.flatnonzero(self.liars[file]).tolist())
            for file in np.flatnonzero(self.liars.any(axis=1))
        }


@dataclass(frozen=True)
class Score:
    """Distorted and kept files of one update, ordered by an objective."""

    count: int
    kept: int

    def beats(self, other: "Score", objective: str) -> bool:
        """Whether this is more of the objective than ``other``; exact, without division."""
        if objective == "count":
            return self.count > other.count
        return self.count * max(other.kept, 1) > other.count * max(self.kept, 1)

    def weigh(self, distorted: NDArray[np.bool_], kept: NDArray[np.bool_], objective: str) -> NDArray[np.int64]:
        """Int ``[n]``, what options are worth against this score.

        A selection of options has more of the objective exactly if its sum exceeds `to_beat`.
        """
        if objective == "count":
            return distorted.astype(np.int64)
        return distorted * np.int64(max(self.kept, 1)) - kept * np.int64(self.count)

    def to_beat(self, objective: str) -> int:
        """What the sum of what options are worth must exceed: this count; of a fraction 0 (Dinkelbach 1967)."""
        return self.count if objective == "count" else 0


def judge(assignment: Assignment, liars: NDArray[np.bool_], decide: Detector, q: int) -> tuple[Score, Update]:
    """Play the lies: their tokens make the graph, the detector reads it, and its verdict makes the update."""
    tokens = liars.astype(np.int64)
    verdict = decide(agreement_graph(assignment, tokens), max_byzantine=q, assignment=assignment)
    update = apply_verdict(verdict, assignment, tokens)
    return Score(int((update.kept & (update.tokens == 1)).sum()), int(update.kept.sum())), update
