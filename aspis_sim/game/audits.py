"""The game of lies against audits: the most file-steps that q workers can distort before enough are convicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from aspis_sim.assignment.base import Assignment
from aspis_sim.errors import InputError

MOST_OUTCOMES = 20_000_000
"""Outcomes of audits that one game looks at, at most: about a minute."""

ALL_CHOICES = 2**10
"""Sets of files to lie about that are all tried; of more, the unions of whole classes."""

Workers = frozenset[int]
Files = frozenset[int]
Outcomes = dict[Workers, tuple[float, float]]
"""Byzantine workers that are free after a step -> the chance of it, and that times the files distorted in the step."""


@dataclass(frozen=True)
class AuditResult:
    """What lies are worth against audits.

    Attributes:
        q: Byzantine workers.
        convicted: of them, before the first step.
        audits: m, files audited a step.
        steps: T, of the run.
        distorted: the expected number of distorted file-steps of the run under the best lies found.
        exact: no lies of the game are worth more; otherwise some may be.
        best_policy: the same against the best order of audits that treats files with equally many live workers alike,
            for m = 1; None for more.
        best_audit: live workers of the files that this order most often audits at the first step; None where nothing
            can be distorted, or m > 1.
        bound: (q - convicted - r + 1) f / m, or 0 below; no lies are worth more.
        files: f.
        silent: files that the workers hold with nobody to contradict them.
        lies: of these, those that the best lies are about at the first step.
        decoys: workers that give themselves up in it to draw its audits.
    """

    q: int
    convicted: int
    audits: int
    steps: int
    distorted: float
    exact: bool
    best_policy: float | None
    best_audit: int | None
    bound: float
    files: int
    silent: int
    lies: int
    decoys: int

    @property
    def share(self) -> float:
        """Of the files, distorted in the mean over the steps: ε."""
        return self.distorted / (self.files * self.steps)


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


def play_audits(assignment: Assignment, q: int, audits: int, steps: int) -> list[AuditResult]:
    """Solve the game of q workers against m audits a step, from every number of convictions on.

    The game: a run of T steps under the detector ``certified`` with evidence that lasts for the run, and the policy
    ``disputed-first``. In each step the workers that are not convicted, who know all that has happened but not what
    will be audited, choose files to lie about. A lie that somebody contradicts never enters the update (unanimity) and
    costs a conviction if it is audited, so that its use is to draw an audit; a lie that nobody contradicts enters
    unless it is audited, and then convicts all who told it. Once q - r + 1 workers are convicted, no r workers can be
    Byzantine together, and only certified values enter. The states are the numbers of convictions; moves and outcomes
    are listed, and the value follows backwards from the last step.

    No lies are worth more than (q - r + 1) f / m file-steps, whatever T: in each audit of a step the chance to convict
    somebody anew is at least u / f where u lies will enter (a decoy is convicted for certain), so that u <= f / m times
    the expected convictions, of which q - r + 1 end the game (found for this project).

    Args:
        assignment: the subset assignment, of any r.
        q: Byzantine workers, 0 <= q < K / 2.
        audits: m, 1 or more.
        steps: T, 1 or more.

    Returns:
        One result for each number of workers convicted before, 0 to q.

    Raises:
        InputError: another assignment, a number out of range, or a game of too many outcomes.
    """
    if not assignment.complete:
        raise InputError(f"the game against audits is solved on the subset assignment, not on {assignment.name}")
    if not 0 <= 2 * q < assignment.workers:
        raise InputError(
            f"{q} Byzantine workers of {assignment.workers}: a majority must be honest, "
            f"so q is 0 to {(assignment.workers - 1) // 2}"
        )
    if audits < 1 or steps < 1:
        raise InputError(f"{audits} audits a step in {steps} steps: both are 1 or more")
    game = Game(assignment, q, audits)
    if game.effort > MOST_OUTCOMES:
        raise InputError(
            f"{audits} audits of {len(assignment.files):,} files have too many outcomes to list; try fewer workers, "
            "or one audit"
        )
    states = [frozenset(range(size)) for size in range(q + 1)]
    free = [state for state in states if not game.certain(state) and state]
    values, first = _against_policy(game, free, steps)
    best = _against_best(game, free, steps) if audits == 1 else {}
    results = []
    for state in reversed(states):
        move, exact = first.get(state, (Move(frozenset(), frozenset()), True))
        policy, audit = best.get(state, (0.0 if audits == 1 else None, None))
        results.append(
            AuditResult(
                q=q,
                convicted=q - len(state),
                audits=audits,
                steps=steps,
                distorted=values.get(state, 0.0),
                exact=exact,
                best_policy=policy,
                best_audit=audit,
                bound=max(0, len(state) - assignment.redundancy + 1) * len(assignment.files) / audits,
                files=len(assignment.files),
                silent=len(game.silent(state)),
                lies=len(move.lies),
                decoys=len(move.decoys),
            )
        )
    return results


@dataclass(frozen=True, eq=False)
class _Moves:
    """What moves of a state come to, as arrays over moves and over the states after them, by number of free workers."""

    moves: list[Move]
    chances: NDArray[np.float64]
    distorted: NDArray[np.float64]

    def worth(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each is worth, if states are worth ``values`` after it."""
        return self.distorted + self.chances @ values


def _listed(game: Game, free: Workers, moves: list[Move], aimed: Files | None = None) -> _Moves:
    chances, distorted = np.zeros((len(moves), game.q + 1)), np.zeros(len(moves))
    for number, move in enumerate(moves):
        for after, (chance, files) in game.outcomes(free, move, aimed).items():
            chances[number, len(after)] += chance
            distorted[number] += files
    return _Moves(moves, chances, distorted)


def _against_policy(
    game: Game, states: list[Workers], steps: int
) -> tuple[dict[Workers, float], dict[Workers, tuple[Move, bool]]]:
    """The value of each state and its best first move, with whether all moves were tried in what follows from it."""
    listed, exact = {}, {}
    for free in states:
        moves, exact[free] = game.moves(free)
        listed[free] = _listed(game, free, moves)
    values = np.zeros(game.q + 1)
    worth = {free: one.worth(values) for free, one in listed.items()}
    for _ in range(steps):
        worth = {free: one.worth(values) for free, one in listed.items()}
        for free, one in worth.items():
            values[len(free)] = one.max()
    first = {}
    for free, one in worth.items():
        as_good = np.flatnonzero(one >= one.max() * (1 - 1e-9))
        move = max((listed[free].moves[number] for number in as_good), key=lambda move: len(move.lies))
        first[free] = move, all(exact[other] for other in states if other <= free)
    return {free: float(values[len(free)]) for free in states}, first


def _against_best(game: Game, states: list[Workers], steps: int) -> dict[Workers, tuple[float, int | None]]:
    """The value of each state if audits follow the best order, and the class of files that it most often audits first.

    A dispute is audited first here too; which class of doubtful files is audited else is drawn from the server's part
    of the solution of a matrix game, its classes against the lies.
    """
    aimed: dict[Workers, tuple[_Moves, dict[int, _Moves]]] = {}
    for free in states:
        moves, _ = game.moves(free)
        silent = [move for move in moves if not move.decoys]
        drawn = _listed(game, free, [move for move in moves if move.decoys])
        aimed[free] = drawn, {size: _listed(game, free, silent, of) for size, of in game.classes(free).items()}
    values, most = np.zeros(game.q + 1), dict.fromkeys(states)
    for _ in range(steps):
        before = values.copy()
        for free, (drawn, classes) in aimed.items():
            value, mixture = _matrix_game(np.stack([one.worth(before) for one in classes.values()]))
            values[len(free)] = max(value, drawn.worth(before).max(initial=0.0))
            most[free] = list(classes)[int(mixture.argmax())]
        if np.array_equal(values, before):
            break
    return {free: (float(values[len(free)]), most[free]) for free in states}


def _matrix_game(losses: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The least expected loss that a mixture of rows can be held to by columns, and that mixture."""
    rows, columns = losses.shape
    if rows == 1:
        return float(losses.max()), np.ones(1)
    found = linprog(
        np.r_[np.zeros(rows), 1.0],
        A_ub=np.c_[losses.T, -np.ones(columns)],
        b_ub=np.zeros(columns),
        A_eq=np.r_[np.ones(rows), 0.0][None],
        b_eq=[1.0],
        bounds=[(0, None)] * rows + [(None, None)],
        method="highs",
    )
    return float(found.x[-1]), found.x[:-1]


def _subsets(units: list[list[int]]) -> Iterator[list[list[int]]]:
    for size in range(len(units) + 1):
        yield from map(list, combinations(units, size))


def _add(found: Outcomes, free: Workers, chance: float, distorted: int) -> None:
    before, files = found.get(free, (0.0, 0.0))
    found[free] = before + chance, files + chance * distorted
