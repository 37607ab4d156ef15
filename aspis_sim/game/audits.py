"""The game of lies against audits: the most file-steps that q workers can distort before enough are convicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from aspis_sim.assignment.base import Assignment
from aspis_sim.errors import InputError
from aspis_sim.game.audit_rules import Files, Game, Move, Workers

MOST_OUTCOMES = 20_000_000
"""Outcomes of audits that one game looks at, at most: about a minute."""


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


def play_audits(assignment: Assignment, q: int, audits: int, steps: int) -> list[AuditResult]:
    """Solve the game of q workers against m audits a step, from every number of convictions on.

    The game: a run of T steps under the detector ``certified`` with evidence that lasts for the run, and the policy
    ``disputed-first``. In each step the workers that are not convicted, who know all that has happened but not what
    will be audited, choose files to lie about. A lie that somebody contradicts never enters the update (unanimity) and
    costs a conviction if it is audited, so that its use is to draw an audit; a lie that nobody contradicts enters
    unless it is audited, and then convicts all who told it. Once q - r + 1 workers are convicted, no r workers can be
    Byzantine together, and only certified values enter. The states are the numbers of convictions; moves and outcomes
    are listed, and the value follows backwards from the last step.

    Claim `no lies are worth more than (q - r + 1) f / m file-steps`, however long the run. Call an audit a hit if it
    convicts somebody while fewer than q - r + 1 workers are convicted. Let u lies enter the update of a step. Then
    fewer were convicted before each of its audits, and in each that is no decoy's at least u of at most f doubtful
    files were lied about by workers not convicted: it was a hit with a chance of at least u / f. A decoy's audit is one
    for certain, and u <= f. So the expected hits of a step are at least m / f times the lies that enter. Each hit adds
    a convicted worker or more, so that a run has at most q - r + 1 of them. ∎ (Found for this project.)

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
