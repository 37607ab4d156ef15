"""Which sets of at most q workers explain a disagreement graph: questions about all of them, none listed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from aspis_sim.detection.covers import CoverSolver, members

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Hypotheses:
    """The vertex covers of at most q workers of a disagreement graph: the *hypotheses* who is Byzantine.

    While at most q workers are Byzantine and honest copies agree, every disagreement has a Byzantine end: the
    true Byzantine set is a hypothesis, and what holds for every hypothesis holds for it. Found for this
    project; the published detector asks for one maximum clique of the agreement graph, the complement of a
    least cover.

    Sets of workers go in and out as bitsets (bit ``i`` is worker ``i``); `as_mask` turns one into an array.
    Each question costs a few searches for one cover (`CoverSolver`), never one a cover, and a cover found
    answers later questions too.

    Args:
        disagreement: bool ``[K, K]``, symmetric with a False diagonal: the pair disagreed on a file they
            share.
        budget: q, the most workers that may be Byzantine, 0 or more.
    """

    def __init__(self, disagreement: NDArray[np.bool_], budget: int):
        self.workers = len(disagreement)
        self.budget = budget
        self.everyone = (1 << self.workers) - 1
        self.neighbours = tuple(as_bits(row) for row in disagreement)
        self.witnesses: list[int] = []
        self._solver = CoverSolver(self.neighbours)

    @cached_property
    def least(self) -> int | None:
        """One hypothesis of least size, or None if there is no hypothesis."""
        return self._remember(self._solver.least(self.everyone, self.budget))

    def containing(self, group: int) -> int | None:
        """A hypothesis that contains the whole group, or None if none does."""
        if self.least is None:
            return None
        enlarged = self.least | group
        if enlarged.bit_count() <= self.budget:
            return enlarged
        for cover in self.witnesses:
            if not group & ~cover:
                return cover
        rest = self._solver.least(self.everyone & ~group, self.budget - group.bit_count())
        return self._remember(None if rest is None else rest | group)

    def avoiding(self, group: int) -> int | None:
        """A hypothesis without any worker of the group, or None if none is."""
        around = 0
        for worker in members(group):
            around |= self.neighbours[worker]
        if around & group:
            return None
        rest = self._solver.least(self.everyone & ~(group | around), self.budget - around.bit_count())
        return self._remember(None if rest is None else rest | around)

    @cached_property
    def forced(self) -> int:
        """The workers in every hypothesis; nobody if there is none."""
        inside = self.least or 0
        for worker in members(inside):
            if inside >> worker & 1:
                other = self.avoiding(1 << worker)
                if other is not None:
                    inside &= other
        return inside

    @property
    def unique(self) -> bool:
        """Whether there is exactly one hypothesis: a least cover of q workers, all of them forced.

        A smaller cover can be enlarged by anybody outside, so that it is never the only one.
        """
        return self.least is not None and self.forced == self.least and self.least.bit_count() == self.budget

    def _remember(self, cover: int | None) -> int | None:
        if cover is not None:
            self.witnesses.append(cover)
        return cover


def as_bits(mask: NDArray[Any]) -> int:
    """Bitset of the positions where a bool array ``[K]`` is True."""
    import numpy as np

    return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")


def as_mask(workers: int, bits: int) -> NDArray[np.bool_]:
    """Bool ``[workers]`` of a bitset: the inverse of `as_bits`."""
    import numpy as np

    mask = np.zeros(workers, bool)
    mask[list(members(bits))] = True
    return mask
