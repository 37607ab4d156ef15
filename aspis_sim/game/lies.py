"""What a fixed set of Byzantine workers can say about each file, and what a verdict makes of it."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.reference import apply_verdict, certified_copies
from aspis_sim.detection.verdict import Verdict


@dataclass(frozen=True)
class Payoff:
    """What each option brings, in one of the two cases that a verdict can meet (`Lies.payoffs`).

    Attributes:
        allowed: bool ``[n]``, the option does not leave the case.
        distorted: bool ``[n]``, the file enters the update with the lie.
        kept: bool ``[n]``, the file enters the update.
    """

    allowed: NDArray[np.bool_]
    distorted: NDArray[np.bool_]
    kept: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Lies:
    """All n options of all files: which of a file's Byzantine workers return its one common lie, the others
    not.

    Build with `lies_of`. Graphs of disagreement are bitsets of pairs: bit ``u * K + v`` with ``u < v``.

    Attributes:
        assignment: f files of r workers each.
        byzantine: bool ``[K]``.
        file: int ``[n]``, the file of each option; ascending, the truth first in each file.
        liars: bool ``[n, r]``, the slots that lie.
        edges: for each option the pairs that it makes disagree: every liar with every other holder of the
            file.
    """

    assignment: Assignment
    byzantine: NDArray[np.bool_]
    file: NDArray[np.int64]
    liars: NDArray[np.bool_]
    edges: tuple[int, ...]

    @cached_property
    def _liars_first(self) -> tuple[Assignment, NDArray[np.int64]]:
        order = np.argsort(~self.liars, axis=1, kind="stable")
        groups = np.take_along_axis(self.assignment.files[self.file], order, axis=1)
        tokens = np.take_along_axis(self.liars, order, axis=1).astype(np.int64)
        return replace(self.assignment, files=groups), tokens

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """For each option all pairs of holders ``[n, r, r]``: one, the other, and whether they disagree."""
        groups = self.assignment.files[self.file].astype(np.int64)
        ends, others = np.broadcast_arrays(groups[:, :, None], groups[:, None, :])
        return ends, others, self.liars[:, :, None] != self.liars[:, None, :]

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """The first option of each file."""
        return np.flatnonzero(np.diff(self.file, prepend=-1))

    @cached_property
    def _edges_by_word(self) -> NDArray[np.uint64]:
        return np.array([self._words(edges) for edges in self.edges])

    def _words(self, graph: int) -> NDArray[np.uint64]:
        return np.frombuffer(graph.to_bytes(-(-(self.assignment.workers**2) // 64) * 8, "little"), "<u8")

    def inside(self, graph: int) -> NDArray[np.bool_]:
        """Bool ``[n]``: the option makes no disagreement outside of the graph."""
        found: NDArray[np.bool_] = np.logical_not((self._edges_by_word & ~self._words(graph)).any(axis=1))
        return found

    @cached_property
    def _tokens(self) -> NDArray[np.int64]:
        return self.liars.astype(np.int64)

    def payoffs(self, verdict: Verdict, *, ties_to_liars: bool) -> Iterator[Payoff]:
        """Yield what the options bring when no file has a certified value, and when some file has.

        In either case the verdict decides each file alone, from its own copies (`apply_verdict`). The second
        case is left out where it brings the liars nothing.

        Args:
            verdict: the detector's, for the graph that the lies will make.
            ties_to_liars: the lie wins a tied vote, whatever the slots: the best of all ways to number
                workers.
        """
        sure = certified_copies(self._by_option(verdict), self._tokens)
        groups, tokens = self._liars_first
        if not ties_to_liars:
            groups, tokens = replace(self.assignment, files=self.assignment.files[self.file]), self._tokens
        chosen = None if verdict.kept is None else verdict.kept[self.file]
        update = apply_verdict(replace(verdict, certified=None, kept=chosen), groups, tokens)
        yield Payoff(~np.any(sure, axis=1), update.kept & (update.tokens == 1), update.kept)
        distorted = np.any(sure & self.liars, axis=1)
        if distorted.any():
            yield Payoff(np.ones(len(sure), bool), distorted, np.any(sure, axis=1))

    def _by_option(self, verdict: Verdict) -> Verdict:
        table = verdict.certified
        return verdict if table is None else replace(verdict, certified=table[self.file])

    def disagreement(self, graph: int) -> NDArray[np.bool_]:
        """Bool ``[K, K]`` of a graph."""
        workers = self.assignment.workers
        raw = np.frombuffer(graph.to_bytes((workers**2 + 7) // 8, "little"), np.uint8)
        upper = np.unpackbits(raw, count=workers**2, bitorder="little").reshape(workers, workers).astype(bool)
        return upper | upper.T

    def selected(self, options: Iterable[int]) -> NDArray[np.bool_]:
        """Bool ``[f, r]``: who lies when these options are played, and the truth about files without one."""
        attack = np.zeros(self.assignment.files.shape, bool)
        for option in options:
            attack[self.file[option]] = self.liars[option]
        return attack


def lies_of(assignment: Assignment, byzantine: NDArray[np.bool_]) -> Lies:
    """List the options of each file when the workers in ``byzantine`` (bool ``[K]``) are Byzantine."""
    rows: list[tuple[int, tuple[int, ...], int]] = []
    for file, group in enumerate(assignment.files.tolist()):
        slots = [slot for slot, worker in enumerate(group) if byzantine[worker]]
        for size in range(len(slots) + 1):
            for chosen in itertools.combinations(slots, size):
                rest = [group[slot] for slot in range(len(group)) if slot not in chosen]
                pairs = (sorted((group[slot], other)) for slot in chosen for other in rest)
                rows.append((file, chosen, sum(1 << u * assignment.workers + v for u, v in pairs)))
    liars = np.zeros((len(rows), assignment.redundancy), bool)
    for row, (_, chosen, _) in enumerate(rows):
        liars[row, list(chosen)] = True
    return Lies(
        assignment,
        byzantine,
        np.array([file for file, _, _ in rows], np.int64),
        liars,
        tuple(edges for _, _, edges in rows),
    )
