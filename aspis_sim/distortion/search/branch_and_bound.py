"""The exact worst case by growing Byzantine sets level by level, up to symmetry, with an averaging bound.

Let c(S) be the files in which S has a majority. If q workers reach c >= T, then some q-1 of them reach
`after_removal` (T, q), some q-2 of those reach as much as that leaves, and so on: a chain of thresholds. So
every set with c >= T is found by growing, one worker at a time, only the sets that reach the threshold of
their size. One set of each symmetry class is enough, since relabelling changes no c. An empty level proves
that T is out of reach.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.distortion.bounds import after_addition, after_removal
from aspis_sim.distortion.search.orbits import Orbits, Sets, to_bits, to_masks, unique
from aspis_sim.distortion.search.symmetry import automorphisms

# Sets of one level that are kept at most: beyond, the search stops with the bound that it has proven.
LARGEST_LEVEL = 4_000_000
# Symmetries used at most; more would cost more time per set than they save.
SYMMETRIES = 4096
# With no more symmetries than this, meeting a set again costs less than telling who was added last.
FEW_SYMMETRIES = 64
# Allowance for sums of thirds and the like in float32.
ROUNDING = 1e-4


@dataclass(frozen=True)
class Outcome:
    """What a search has proven.

    Attributes:
        bound: no q workers distort more files.
        better: q workers that distort more files than was asked to beat (the most that any do), or None.
        best: how many those distort.
    """

    bound: int
    better: tuple[int, ...] | None = None
    best: int = 0


class LevelSearch:
    """Searches of one assignment, which share its symmetries.

    Args:
        assignment: the assignment under attack.
    """

    def __init__(self, assignment: Assignment):
        self.workers = assignment.workers
        self.need = assignment.majority
        self.held = assignment.incidence.astype(np.float32)
        self.block = max(64, 2**21 // (self.workers + len(assignment.files)))
        self.singles = to_masks(np.eye(self.workers, dtype=np.uint8))
        self.weight = self._removal_weights(assignment.load, assignment.redundancy)
        self.orbits = Orbits(automorphisms(assignment, SYMMETRIES))

    def beat(self, q: int, value: int, deadline: float | None = None) -> Outcome:
        """Find the most files above ``value`` that q workers distort, or prove that there are none.

        Args:
            q: size of the Byzantine set.
            value: files that must be exceeded.
            deadline: `time.monotonic` at which to stop with what is proven so far.
        """
        if q < self.need:
            return Outcome(value) if value >= 0 else Outcome(0, tuple(range(q)), 0)
        thresholds = [value + 1]
        for size in range(q, 0, -1):
            thresholds.insert(0, after_removal(thresholds[0], size, self.need) if size > self.need else 0)
        level = np.zeros_like(self.singles[:1])
        bound = self.held.shape[1]
        for size in range(1, q + 1):
            grown = self._grow(level, thresholds[size], q - size, value + 1, deadline)
            if grown is None:
                return Outcome(bound)
            level, values = grown
            if not len(level):
                return Outcome(value)
            bound = min(bound, self._reachable(int(values.max()), size, q))
        best = int(values.max())
        members = np.flatnonzero(to_bits(level[values.argmax()][None], self.workers)[0])
        return Outcome(best, tuple(int(w) for w in members), best)

    def _grow(
        self, level: Sets, threshold: int, remaining: int, target: int, deadline: float | None
    ) -> tuple[Sets, NDArray[np.int64]] | None:
        """Sets one larger that reach the threshold and can reach the target, and the c of each.

        One a symmetry class; None when the time or the room for them is over.
        """
        found = [np.zeros_like(self.singles[:0])]
        pending = 0
        for block in self._blocks(level):
            if _over(deadline):
                return None
            bits = to_bits(block, self.workers)
            counts = bits.astype(np.float32) @ self.held
            gain = (counts == self.need - 1).astype(np.float32) @ self.held.T
            value = (counts >= self.need).sum(1)[:, None] + gain
            parent, added = np.nonzero((value >= threshold) & (bits == 0))
            if self.orbits.symmetries > FEW_SYMMETRIES:
                kept = self._last_added(bits, counts, parent, added)
                parent, added = parent[kept], added[kept]
            found.append(unique(block[parent] | self.singles[added]))
            pending += len(found[-1])
            if pending > LARGEST_LEVEL:
                return None
        grown = unique(np.concatenate(found))
        found = found[:1]
        for block in self._blocks(grown):
            if _over(deadline):
                return None
            found.append(self.orbits.least(block[self._promising(block, remaining, target)]))
        grown = unique(np.concatenate(found))
        values = [np.zeros(0, np.int64)]
        for block in self._blocks(grown):
            counts = to_bits(block, self.workers).astype(np.float32) @ self.held
            values.append((counts >= self.need).sum(1))
        return grown, np.concatenate(values)

    def _last_added(
        self,
        bits: NDArray[np.uint8],
        counts: NDArray[np.float32],
        parent: NDArray[np.intp],
        added: NDArray[np.intp],
    ) -> NDArray[np.bool_]:
        """Whether the worker added is one that the chain of thresholds would remove from the larger set.

        That is a worker whose removal costs the fewest files; among those, one whose files rank highest by an
        arbitrary weight of how many of the set hold them. Both are the same under every symmetry, so that
        each set worth growing is still met, and mostly once.
        """
        kept = np.zeros(len(parent), bool)
        for start in range(0, len(parent), self.block):
            piece = slice(start, start + self.block)
            mine, new = parent[piece], added[piece]
            held_by = (counts[mine] + self.held[new]).astype(np.intp)
            key = self.weight.take(held_by) @ self.held.T
            chosen = key[np.arange(len(new)), new]
            members = bits[mine]
            members[np.arange(len(new)), new] = 1
            kept[piece] = chosen >= np.where(members, key, -np.inf).max(axis=1)
        return kept

    def _promising(self, sets: Sets, remaining: int, target: int) -> NDArray[np.bool_]:
        """Which sets could still reach the target by as many more workers as remain.

        A file that lacks d copies of a majority takes d of the new workers, so crediting each of those with
        1/d of it counts it at least once; the largest credits of as many workers bound what they add
        together.
        """
        bits = to_bits(sets, self.workers)
        counts = bits.astype(np.float32) @ self.held
        lacking = self.need - counts
        share = np.where((lacking >= 1) & (lacking <= remaining), 1 / np.maximum(lacking, 1), 0)
        credit = np.where(bits, 0, share.astype(np.float32) @ self.held.T)
        others = self.workers - remaining
        most = np.partition(credit, others - 1, axis=1)[:, others:].sum(1)
        return (counts >= self.need).sum(1) + most * (1 + ROUNDING) + ROUNDING > target

    def _blocks(self, sets: Sets) -> Iterator[Sets]:
        """Views of a few thousand rows each."""
        for start in range(0, len(sets), self.block):
            yield sets[start : start + self.block]

    def _reachable(self, value: int, size: int, q: int) -> int:
        """Most that q workers reach when no subset of theirs of this size has more than ``value``."""
        for larger in range(size + 1, q + 1):
            if larger <= self.need:
                return self.held.shape[1]
            value = after_addition(value, larger, self.need)
        return value

    def _removal_weights(self, load: int, redundancy: int) -> NDArray[np.float32]:
        """Weights ``[r + 1]`` for `_last_added`: one with a bare majority outweighs all others.

        They are integers whose sums over a worker's files stay below 2^24, so that float32 adds them exactly.
        """
        large = 2**23 // (load + 1)
        weight = np.random.default_rng(1).integers(0, large // (load + 1) + 1, redundancy + 1)
        weight[self.need] -= large
        return weight.astype(np.float32)


def _over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline
