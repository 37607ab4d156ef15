"""Attacks on systems too large to search: known constructions, then seeded hill climbing from the best."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.verdict import Detector
from aspis_sim.game.exhaustive import Best
from aspis_sim.game.graphs import is_complete
from aspis_sim.game.lies import Lies, lies_of
from aspis_sim.game.result import Score, judge

DRAWS = 200
"""Sets of workers that are drawn, beside the first ones, to find one with many majorities."""


def climb(assignment: Assignment, q: int, decide: Detector, objective: str, seed: int, effort: int) -> Best:
    """Look for a strong attack; whatever is found is real, but better ones may exist.

    A state is the graph that the liars would like the detector to see. The lies made from it: each file's
    best option under the verdict for that graph, the one with more of the graph's edges among equals; then,
    edge by edge, the cheapest change for each edge not made yet. What counts is the score when these lies are
    played, whether or not they make the very graph. A move changes one edge, or all edges of one worker.

    Starting points: e Byzantines who disagree with everybody honest, the q - e others with d honest workers,
    for all e and d with e + d <= q; and disjoint blocks of two against two. With e = 0 this is the frame-up,
    with d = q the published strong attack. With d = q - e > 0 < e it is the *decoy*: the pair of least covers
    leaves the published detector undecided, and it counts the votes of the e workers too, whom both contain
    (found by the exact search at K = 11, q = 3, r = 3: 11 files, not 10).

    On the subset assignment the Byzantines are workers 0 to q-1; on any other the set of most files with a
    Byzantine majority, of some drawn at random.

    Args:
        assignment: f files of r workers each.
        q: Byzantine workers.
        decide: the detector.
        objective: "count" or "fraction".
        seed: of the random moves; the same seed gives the same attack.
        effort: graphs to look at, 1 or more.
    """
    generator = np.random.default_rng(seed)
    lies = lies_of(assignment, _byzantine_set(assignment, q, generator))
    truth = np.zeros(assignment.files.shape, bool)
    best = Best(lies.byzantine, truth, Score(0, len(truth)))
    state, level = np.zeros((assignment.workers,) * 2, bool), Score(0, len(truth))
    starts = starting_points(lies.byzantine, q)
    while best.graphs < effort:
        start = next(starts, None)
        trial = _move(state, lies.byzantine, generator) if start is None else start
        best.graphs += 1
        liars = _attack(lies, trial, decide, q, best.score, objective)
        score, _ = judge(assignment, liars, decide, q)
        if score.beats(best.score, objective):
            best.score, best.liars = score, liars
        if not level.beats(score, objective):
            state, level = trial, score
    return best


def _byzantine_set(assignment: Assignment, q: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    first = np.arange(assignment.workers) < q
    if is_complete(assignment):
        return first
    sets = [first, *(generator.permutation(first) for _ in range(DRAWS))]
    return max(sets, key=lambda s: int((2 * s[assignment.files].sum(axis=1) > assignment.redundancy).sum()))


def starting_points(byzantine: NDArray[np.bool_], q: int) -> Iterator[NDArray[np.bool_]]:
    """Disagreement graphs, bool ``[K, K]``, that known attacks make (`climb`)."""
    liars, honest = np.flatnonzero(byzantine), np.flatnonzero(~byzantine)
    empty = np.zeros((len(byzantine),) * 2, bool)
    for exposed in range(q + 1):
        for framed in range(q - exposed, -1, -1):
            graph = empty.copy()
            graph[np.ix_(liars[:exposed], honest)] = True
            graph[np.ix_(liars[exposed:], honest[:framed])] = True
            yield graph | graph.T
    graph = empty.copy()
    for block in range(0, q - 1, 2):
        graph[np.ix_(liars[block : block + 2], honest[block : block + 2])] = True
    yield graph | graph.T


def _move(graph: NDArray[np.bool_], byzantine: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.bool_]:
    """Change one edge with a Byzantine end, or give a worker the disagreements of another, all or none."""
    moved = graph.copy()
    liars = np.flatnonzero(byzantine)
    worker = int(generator.integers(len(graph)))
    ends = liars[liars != worker]
    kind = int(generator.integers(5))
    if kind <= 1:
        ends = generator.permutation(ends)[:1]
        moved[worker, ends] ^= True
    elif kind == 2:
        other = int(generator.integers(len(graph)))
        moved[worker, ends] = graph[other, ends]
    else:
        moved[worker, ends] = kind == 3
    moved[ends, worker] = moved[worker, ends]
    return moved


def _attack(
    lies: Lies, graph: NDArray[np.bool_], decide: Detector, q: int, best: Score, objective: str
) -> NDArray[np.bool_]:
    """Bool ``[f, r]``, the lies that a graph suggests (`climb`)."""
    verdict = decide(~graph, max_byzantine=q, assignment=lies.assignment)
    payoff = next(lies.payoffs(verdict, ties_to_liars=False))
    ends, others, differ = lies.pairs
    usable = payoff.allowed & ~(differ & ~graph[ends, others]).any(axis=(1, 2))
    value = best.weigh(payoff.distorted, payoff.kept, objective)
    order = np.lexsort((-differ.sum(axis=(1, 2)), -value, ~usable, lies.file))
    _, first = np.unique(lies.file[order], return_index=True)
    chosen = order[first]
    loss = value[chosen][lies.file] - value
    missing = graph.copy()
    for option in chosen[usable[chosen]]:
        missing[ends[option][differ[option]], others[option][differ[option]]] = False
    for u, v in np.argwhere(np.triu(missing)):
        makers = np.flatnonzero(usable & (differ & (ends == u) & (others == v)).any(axis=(1, 2)))
        if missing[u, v] and len(makers):
            option = makers[np.argmin(loss[makers])]
            chosen[lies.file[option]] = option
            usable &= lies.file != lies.file[option]
            missing[ends[option][differ[option]], others[option][differ[option]]] = False
    return lies.selected(chosen.tolist())
