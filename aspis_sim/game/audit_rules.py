"""The game of lies against audits, its states, moves and outcomes: what q workers and a server can do in a step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations

from aspis_sim.assignment.base import Assignment

ALL_CHOICES = 2**10
"""Sets of files to lie about that are all tried; of more, the unions of whole classes."""

Workers = frozenset[int]
Files = frozenset[int]
Outcomes = dict[Workers, tuple[float, float]]
"""Byzantine workers that are free after a step -> the chance of it, and that times the files distorted in the step."""


@dataclass(frozen=True)
class Move:
    """What the Byzantine workers do in a step.

    Attributes:
        lies: files that all their live holders, all Byzantine, lie about alike.
        decoys: workers of whom each returns a false gradient of some other file, is contradicted in it, audited first
            and convicted.
    """

    lies: Files
    decoys: Workers


@dataclass(frozen=True, eq=False)
class Game:
    """A game on the subset assignment, where all sets of q workers are alike: workers 0 .. q - 1 are Byzantine.

    Attributes:
        assignment: every r workers share one file.
        q: Byzantine workers.
        audits: m.
    """

    assignment: Assignment
    q: int
    audits: int
    _live: dict[Workers, list[Workers]] = field(default_factory=dict)
    _doubtful: dict[Workers, Files] = field(default_factory=dict)

    @cached_property
    def holders(self) -> list[Workers]:
        """The workers of each file."""
        return [frozenset(row) for row in self.assignment.files.tolist()]

    def live(self, free: Workers) -> list[Workers]:
        """The workers of each file that are not convicted while ``free`` of the Byzantine ones are not."""
        if free not in self._live:
            convicted = frozenset(range(self.q)) - free
            self._live[free] = [held - convicted for held in self.holders]
        return self._live[free]

    def doubtful(self, free: Workers) -> Files:
        """Files of which every live worker may be Byzantine, as far as the server knows."""
        if free not in self._doubtful:
            self._doubtful[free] = frozenset(
                file for file, live in enumerate(self.live(free)) if 0 < len(live) <= len(free)
            )
        return self._doubtful[free]

    def silent(self, free: Workers) -> list[int]:
        """Files that free Byzantine workers hold with nobody to contradict them."""
        return [file for file, live in enumerate(self.live(free)) if live and live <= free]

    def certain(self, free: Workers) -> bool:
        """Whether the server is sure of some file, where nobody disagrees: then nothing else enters the update."""
        return len(free) < self.assignment.redundancy

    def distorted(self, free: Workers, lies: Files) -> int:
        """Lies that enter the update after the audits of a step, those not audited in it."""
        if self.certain(free):
            return 0
        live = self.live(free)
        return sum(1 for file in lies if live[file])

    def moves(self, free: Workers) -> tuple[list[Move], bool]:
        """What is tried, and whether that is all there is."""
        silent = self.silent(free)
        every = 2 ** len(silent) <= ALL_CHOICES
        live = self.live(free)
        units = [[file] for file in silent]
        if not every:
            units = [
                [file for file in silent if len(live[file]) == size]
                for size in range(1, self.assignment.redundancy + 1)
            ]
        lies = [frozenset(chain.from_iterable(some)) for some in _subsets(units)]
        # Free workers are alike until files are chosen, so that decoys differ where single files can be.
        groups = combinations if every else (lambda workers, size: [tuple(workers)[:size]])
        decoys = [
            frozenset(some) for size in range(min(self.audits, len(free)) + 1) for some in groups(sorted(free), size)
        ]
        return [Move(one, some) for some in decoys for one in dict.fromkeys(lies)], every

    def outcomes(self, free: Workers, move: Move, aimed: Files | None = None) -> Outcomes:
        """What comes of a step in which the server audits disputes first, and doubtful files at random then.

        Args:
            free: Byzantine workers that are not convicted before it.
            move: theirs.
            aimed: files of which the only audit is drawn instead; None for all that are doubtful.
        """
        found: Outcomes = {}

        def draw(left: int, free: Workers, unseen: Files, chance: float) -> None:
            files = self.doubtful(free) & unseen if aimed is None else aimed
            if not left or not files:
                return _add(found, self.renamed(free), chance, self.distorted(free, move.lies & unseen))
            live, each = self.live(free), chance / len(files)
            for file in files & move.lies:
                draw(left - 1, free - live[file], unseen - {file}, each)
            misses = files - move.lies
            if left > 1:
                for file in misses:
                    draw(left - 1, free, unseen - {file}, each)
            elif misses:
                _add(found, self.renamed(free), each * len(misses), self.distorted(free, move.lies & unseen))
            return None

        every_file = frozenset(range(len(self.holders)))
        draw(self.audits - len(move.decoys), free - move.decoys, every_file, 1.0)
        return found

    def renamed(self, free: Workers) -> Workers:
        """A set of as many free workers that stands for all of them."""
        return frozenset(range(len(free)))

    def classes(self, free: Workers) -> dict[int, Files]:
        """The doubtful files by how many live workers they have."""
        live = self.live(free)
        found: dict[int, set[int]] = {}
        for file in self.doubtful(free):
            found.setdefault(len(live[file]), set()).add(file)
        return {size: frozenset(found[size]) for size in sorted(found)}

    @property
    def effort(self) -> int:
        """About how many outcomes are looked at, at most."""
        silent = sum(1 for held in self.holders if min(held) < self.q)
        choices = 2**silent if 2 ** min(silent, 60) <= ALL_CHOICES else 2**self.assignment.redundancy
        decoys = (self.q + 1) ** min(self.audits, self.q)
        return (self.q + 1) * choices * decoys * silent * len(self.holders) ** (self.audits - 1)


def _subsets(units: list[list[int]]) -> Iterator[list[list[int]]]:
    for size in range(len(units) + 1):
        yield from map(list, combinations(units, size))


def _add(found: Outcomes, free: Workers, chance: float, distorted: int) -> None:
    before, files = found.get(free, (0.0, 0.0))
    found[free] = before + chance, files + chance * distorted
