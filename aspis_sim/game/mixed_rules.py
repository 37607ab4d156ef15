"""Fixed rules that say which files enter an update, by what the server knows of each file and of the whole graph."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from aspis_sim.detection.reference import certified_copies
from aspis_sim.detection.verdict import Verdict
from aspis_sim.game.lies import Lies

CLASSES = ("unanimous", "agreed", "majority", "tied")
"""What the server knows of a file with copies from workers that are not excluded: all copies are equal; all that are
not from excluded workers; of these one value has most copies; two values have the most."""


@dataclass(frozen=True)
class MixedRule:
    """Which files are kept, each with its most frequent value among workers that are not excluded.

    Attributes:
        certified: where any file has a certified value, keep these values and nothing else.
        classes: of `CLASSES`, the files that are kept otherwise.
        selected: of these only the files that the detector `minimax` selects.
    """

    certified: bool
    classes: tuple[str, ...]
    selected: bool = False

    @property
    def name(self) -> str:
        """``certified, else unanimous + agreed``; the rule with `selected` is named after its detector."""
        kept = "minimax" if self.selected else " + ".join(self.classes)
        if not self.certified:
            return kept
        return f"certified, else {kept}" if kept else "certified alone"


SUBSETS = [some for size in range(1, len(CLASSES) + 1) for some in combinations(CLASSES, size)]

MIXED_RULES = (
    MixedRule(True, ("unanimous", "agreed"), selected=True),
    *(MixedRule(certified, some) for certified in (True, False) for some in SUBSETS),
    MixedRule(True, ()),
)
"""Every set of classes with the certified values first and without, certified values alone, and what the detector
`minimax` keeps. ``certified, else unanimous + agreed`` is the detector `certified`, ``unanimous + agreed`` the detector
`unanimous`, and all four classes are the detector `sound` with a vote (but for ties)."""


@dataclass(frozen=True, eq=False)
class Options:
    """Everything that Byzantine workers can say about the files in one graph, and what the server knows of it.

    Attributes:
        lies: options of all files.
        verdict: of the detector `minimax` on the graph.
        rows: int ``[n]``, the options that make no disagreement outside of the graph; ascending by file.
    """

    lies: Lies
    verdict: Verdict
    rows: NDArray[np.intp]

    @cached_property
    def files(self) -> NDArray[np.int64]:
        """Int ``[n]``, the file of each option."""
        return self.lies.file[self.rows]

    @cached_property
    def _copies(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        liars = self.lies.liars[self.rows]
        return liars, self.verdict.honest[self.lies.assignment.files[self.files]]

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """Int ``[n]``, the place of each option's class in `CLASSES`; -1 without a copy that counts."""
        liars, left = self._copies
        lying, true = (liars & left).sum(axis=1), (~liars & left).sum(axis=1)
        alike = np.all(liars, axis=1) | ~np.any(liars, axis=1)
        kinds = np.select([lying + true == 0, alike, (lying == 0) | (true == 0), lying != true], [-1, 0, 1, 2], 3)
        return kinds.astype(np.int64)

    @cached_property
    def lie_wins(self) -> NDArray[np.bool_]:
        """Bool ``[n]``, the lie has most of the copies that count; a tied vote goes to the liars."""
        liars, left = self._copies
        return (liars & left).sum(axis=1) >= np.maximum(1, (~liars & left).sum(axis=1))

    @cached_property
    def certified(self) -> NDArray[np.bool_]:
        """Bool ``[n]``, one of the file's values is certified."""
        table = self.verdict.certified
        if table is None:
            return np.zeros(len(self.rows), bool)
        liars, _ = self._copies
        by_option = Verdict(self.verdict.honest, self.verdict.outcome, certified=table[self.files])
        return np.any(certified_copies(by_option, liars.astype(np.int64)), axis=1)

    def kept_by(self, rule: MixedRule) -> NDArray[np.bool_]:
        """Bool ``[n]``, the rule keeps the file where nothing is certified, or where it does not look for that."""
        wanted = np.array([*(name in rule.classes for name in CLASSES), False])
        kept: NDArray[np.bool_] = wanted[self.classes]
        if rule.selected and self.verdict.kept is not None:
            kept &= self.verdict.kept[self.files]
        return kept
