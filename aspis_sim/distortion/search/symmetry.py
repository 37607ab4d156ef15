"""Relabellings of the workers that leave an assignment unchanged, by colour refinement and backtracking."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment

Colours = NDArray[np.uint64]
Permutation = NDArray[np.int64]

# Colour refinements, and copies of files looked at in them, that the search may spend; a structure whose
# symmetry is not exhausted by then is taken to have only what was found, which every caller can live with.
BUDGET = 3000
COPIES = 60_000_000


def automorphisms(assignment: Assignment, limit: int) -> NDArray[np.int64]:
    """List relabellings of the workers that map the files onto the files.

    Each row is checked to be one; the rows need not form a group, nor be all there are.

    Args:
        assignment: K workers, f files.
        limit: how many at most.

    Returns:
        int ``[n, K]``, the identity first; row ``g`` sends worker ``i`` to ``g[i]``.
    """
    elements = np.arange(assignment.workers)[None]
    for transversal in _Search(assignment).transversals():
        room = limit // len(elements)
        if room < 2:
            break
        elements = elements[:, transversal[:room]].reshape(-1, assignment.workers)
    return elements


class _Search:
    """A stabiliser chain: for each base point, how far those symmetries move it that fix the earlier ones."""

    def __init__(self, assignment: Assignment):
        self.files = assignment.files.astype(np.int64)
        self.workers = assignment.workers
        self.holders = assignment.worker_files
        self.weight = _mix(np.arange(1, self.workers + 1, dtype=np.uint64))
        self.known_files = self._file_keys(np.arange(self.workers))
        self.spent = 0

    def transversals(self) -> Iterator[NDArray[np.int64]]:
        """Yield, for each base point in turn, one symmetry a reachable point, the identity first."""
        base = self._base()
        generators: list[Permutation] = []
        found: list[NDArray[np.int64]] = []
        for depth in reversed(range(len(base))):
            fixed = base[:depth]
            colours = self._refine(fixed)
            orbit = self._orbit(base[depth], generators)
            unreachable: set[int] = set()
            for point in map(int, np.flatnonzero(colours == colours[base[depth]])):
                if point in orbit or point in unreachable:
                    continue
                symmetry = self._extend([*fixed, base[depth]], [*fixed, point])
                if symmetry is None:
                    unreachable |= self._orbit(point, generators).keys()
                else:
                    generators.append(symmetry)
                    orbit = self._orbit(base[depth], generators)
            found.append(np.stack(list(orbit.values())))
        yield from reversed(found)

    def _base(self) -> list[int]:
        """Points to single out, one after another, until refinement tells all workers apart."""
        base: list[int] = []
        while True:
            _, inverse, sizes = np.unique(self._refine(base), return_inverse=True, return_counts=True)
            if sizes.max() == 1:
                return base
            base.append(int(np.argmax(sizes[inverse] == sizes.max())))

    def _orbit(self, point: int, generators: list[Permutation]) -> dict[int, Permutation]:
        """Images of ``point`` under products of the generators, each with a product that reaches it."""
        orbit = {point: np.arange(self.workers)}
        queue = [point]
        for reached in queue:
            for generator in generators:
                image = int(generator[reached])
                if image not in orbit:
                    orbit[image] = generator[orbit[reached]]
                    queue.append(image)
        return orbit

    def _extend(self, source: list[int], target: list[int]) -> Permutation | None:
        """Find a symmetry that sends each source point to its target point."""
        if self.spent > min(BUDGET, COPIES // self.files.size):
            return None
        here, there = self._refine(source), self._refine(target)
        order, image = np.argsort(here), np.argsort(there)
        if not np.array_equal(here[order], there[image]):
            return None
        values, sizes = np.unique(here, return_counts=True)
        if sizes.max() == 1:
            matched = np.empty(self.workers, np.int64)
            matched[order] = image
            same = np.array_equal(self._file_keys(matched), self.known_files)
            return matched if same and self._exact(matched) else None
        cell = values[np.argmax(sizes)]
        chosen = int(np.argmax(here == cell))
        for candidate in np.flatnonzero(there == cell):
            symmetry = self._extend([*source, chosen], [*target, int(candidate)])
            if symmetry is not None:
                return symmetry
        return None

    def _refine(self, singled_out: list[int]) -> Colours:
        """Colours ``[K]``: workers told apart by whom they share files with, given those singled out."""
        self.spent += 1
        colours = np.ones(self.workers, np.uint64)
        for rank, point in enumerate(singled_out, start=2):
            colours[point] = rank
        classes = 0
        while True:
            count = len(np.unique(colours))
            if count in (classes, self.workers):
                return colours
            classes = count
            files = _mix(_mix(colours)[self.files].sum(axis=1))
            colours = _mix(_mix(colours) + files[self.holders].sum(axis=1))

    def _file_keys(self, relabelling: Permutation) -> NDArray[np.uint64]:
        return np.sort(self.weight[relabelling[self.files]].sum(axis=1))

    def _exact(self, relabelling: Permutation) -> bool:
        """Whether the relabelled table of files is the same multiset of groups, row by row."""
        moved = np.sort(relabelling[self.files], axis=1)
        kept = np.sort(self.files, axis=1)
        return bool(np.array_equal(moved[np.lexsort(moved.T)], kept[np.lexsort(kept.T)]))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit words (the finaliser of splitmix64), so that sums of them tell multisets apart."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
