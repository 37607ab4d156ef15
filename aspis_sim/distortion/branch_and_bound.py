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
from aspis_sim.distortion.symmetry import automorphisms

# Sets of one level that are kept at most: beyond, the search stops with the bound that it has proven.
LARGEST_LEVEL = 4_000_000
# Symmetries used at most; more would cost more time per set than they save, and their tables more memory.
SYMMETRIES = 4096
TABLE_BYTES = 1 << 26

Sets = NDArray[np.uint64]  # one set of workers a row, as a mask of ``words`` 64-bit words


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
        self.words = -(-self.workers // 64)
        self.block = max(64, 2**21 // (self.workers + len(assignment.files)))
        self.singles = _masks(np.eye(self.workers, dtype=np.uint8), self.words)
        room = TABLE_BYTES // (256 * -(-self.workers // 8) * 8 * self.words)
        self.tables = self._image_tables(automorphisms(assignment, min(SYMMETRIES, room)))

    def beat(self, q: int, value: int, deadline: float | None = None) -> Outcome:
        """Find the most files above ``value`` that q workers distort, or prove that there are none.

        Args:
            q: size of the Byzantine set.
            value: files that must be exceeded.
            deadline: `time.monotonic` at which to stop with what is proven so far.
        """
        if q < self.need and value >= 0:
            return Outcome(value)
        thresholds = [value + 1]
        for size in range(q, 0, -1):
            thresholds.insert(0, after_removal(thresholds[0], size, self.need) if size > self.need else 0)
        level = np.zeros((1, self.words), np.uint64)
        most = [0]
        for size in range(1, q + 1):
            grown = self._grow(level, thresholds[size], deadline)
            if grown is None:
                return Outcome(self._bound_from(most, q))
            level, top = grown
            if not len(level):
                return Outcome(value)
            most.append(top)
        members = np.flatnonzero(_bits(level[:1], self.workers)[0])
        return Outcome(most[q], tuple(int(w) for w in members), most[q])

    def _grow(self, level: Sets, threshold: int, deadline: float | None) -> tuple[Sets, int] | None:
        """Sets one larger that reach the threshold, one a symmetry class, best first; None if stopped."""
        found = [np.zeros((0, self.words), np.uint64)]
        top, pending = 0, 0
        for block in self._blocks(level):
            if _over(deadline):
                return None
            bits = _bits(block, self.workers)
            value, gain = self._values(bits)
            parent, added = np.nonzero((value[:, None] + gain >= threshold) & (bits == 0))
            found.append(_unique(block[parent] | self.singles[added]))
            pending += len(found[-1])
            if pending > LARGEST_LEVEL:
                return None
        grown = _unique(np.concatenate(found))
        for block in self._blocks(grown):
            if _over(deadline):
                return None
            block[:] = self._canonical(block)
        grown = _unique(grown)
        for start, block in enumerate(self._blocks(grown)):
            values = self._values(_bits(block, self.workers))[0]
            if values.max() > top:
                top, where = int(values.max()), start * self.block + int(values.argmax())
                grown[[0, where]] = grown[[where, 0]]
        return grown, top

    def _blocks(self, sets: Sets) -> Iterator[Sets]:
        """Views of a few thousand rows each."""
        for start in range(0, len(sets), self.block):
            yield sets[start : start + self.block]

    def _values(self, bits: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """c of each set ``[n]``, and how much each further worker would add ``[n, K]``."""
        counts = bits.astype(np.float32) @ self.held
        gain = (counts == self.need - 1).astype(np.float32) @ self.held.T
        return (counts >= self.need).sum(1), gain

    def _bound_from(self, most: list[int], q: int) -> int:
        """Bound for q from the exact maxima of the sizes completed."""
        bound = most[-1]
        for size in range(len(most), q + 1):
            bound = after_addition(bound, size, self.need) if size > self.need else len(self.held[0])
        return min(bound, self.held.shape[1])

    def _image_tables(self, symmetries: NDArray[np.int64]) -> Sets:
        """Tables ``[n, bytes, 256, words]``: image of each byte of a mask under each symmetry."""
        chunks = -(-self.workers // 8)
        tables = np.zeros((len(symmetries), chunks, 256, self.words), np.uint64)
        for worker in range(self.workers):
            chunk, bit = divmod(worker, 8)
            with_bit = np.flatnonzero(np.arange(256) >> bit & 1)
            tables[:, chunk, with_bit] |= self.singles[symmetries[:, worker]][:, None]
        return tables

    def _canonical(self, sets: Sets) -> Sets:
        """Least image of each set under the symmetries."""
        least = sets
        chunks = self.tables.shape[1]
        values = sets.view(np.uint8).reshape(len(sets), 8 * self.words)[:, :chunks].astype(np.intp)
        for table in self.tables[1:]:
            image = table[0, values[:, 0]]
            for chunk in range(1, chunks):
                image |= table[chunk, values[:, chunk]]
            least = np.where(_less(image, least)[:, None], image, least)
        return least


def _over(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def _masks(bits: NDArray[np.uint8], words: int) -> Sets:
    """Pack 0/1 rows ``[n, K]`` into ``[n, words]`` masks."""
    padded = np.zeros((len(bits), 64 * words), np.uint8)
    padded[:, : bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def _bits(masks: Sets, workers: int) -> NDArray[np.uint8]:
    """Unpack masks into 0/1 rows ``[n, K]``."""
    return np.unpackbits(masks.view(np.uint8), axis=1, bitorder="little")[:, :workers]


def _less(a: Sets, b: Sets) -> NDArray[np.bool_]:
    """Whether row ``a`` comes before row ``b`` in the lexicographic order of their words."""
    smaller = a[:, -1] < b[:, -1]
    for word in range(a.shape[1] - 2, -1, -1):
        smaller = (a[:, word] < b[:, word]) | ((a[:, word] == b[:, word]) & smaller)
    return smaller


def _unique(masks: Sets) -> Sets:
    """Distinct rows."""
    return np.unique(masks[:, 0])[:, None] if masks.shape[1] == 1 else np.unique(masks, axis=0)
