"""Every disagreement graph that q Byzantine workers can make, and for each the best lie about every file."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.verdict import Detector, Verdict
from aspis_sim.game.graphs import count_at_least, graphs_up_to_relabelling, is_complete, reachable_graphs
from aspis_sim.game.lies import Lies, Payoff, lies_of
from aspis_sim.game.result import Score
from aspis_sim.game.selection import best_selection

MOST_KNOWN = 5_000
"""Verdicts whose payoffs are kept at a time."""

IMPOSSIBLE = -(2**40)
"""What an option is worth that may not be chosen: no sum with one is above 0."""


@dataclass
class Best:
    """The best attack so far: who lies about what, its promised score, and the graphs looked at."""

    byzantine: NDArray[np.bool_]
    liars: NDArray[np.bool_]
    score: Score
    graphs: int = 0


def search_everything(
    assignment: Assignment, q: int, decide: Detector, objective: str, most_graphs: int
) -> Best | None:
    """Maximise the objective over all attacks in which the Byzantines of a file share one lie.

    A detector sees only the graph, and given the graph a verdict treats each file by its own copies. So for
    each graph every file's option (which of its Byzantines lie) is chosen on its own, except that together
    they must make exactly this graph: a covering problem (`best_selection`). One case more: a verdict that
    certifies values uses these alone if there is one, so attacks with none and with some are maximised apart.

    On the subset assignment all sets of q workers are alike, and the graphs are taken up to relabelling; tied
    votes go to the liars, as some numbering of the workers does for each. On any other assignment all sets
    and all graphs that they reach are tried.

    Returns:
        The best attack, or None if there are more than about ``most_graphs`` graphs to look at.
    """
    fields = fields_of(assignment, q, most_graphs)
    if fields is None:
        return None
    truth = np.zeros(assignment.files.shape, bool)
    best = Best(np.arange(assignment.workers) < q, truth, Score(0, len(truth)))
    complete = is_complete(assignment)
    for lies, graphs in fields:
        known: dict[tuple[object, ...], tuple[Payoff, ...]] = {}
        for graph in graphs:
            best.graphs += 1
            verdict = decide(~lies.disagreement(graph), max_byzantine=q, assignment=assignment)
            contents = _contents(verdict)
            if contents not in known:
                if len(known) == MOST_KNOWN:
                    known.clear()
                known[contents] = tuple(lies.payoffs(verdict, ties_to_liars=complete))
            for payoff in known[contents]:
                _improve(best, lies, graph, payoff, objective)
    return best


def _contents(verdict: Verdict) -> tuple[object, ...]:
    """All of a verdict that its payoffs follow from: most graphs share it with others."""
    tables = (None if table is None else table.tobytes() for table in (verdict.certified, verdict.kept))
    return verdict.honest.tobytes(), verdict.average, verdict.unanimous, *tables


def fields_of(assignment: Assignment, q: int, most_graphs: int) -> list[tuple[Lies, Iterable[int]]] | None:
    """The sets of Byzantines to try with the graphs of each, or None if they are too many."""
    workers = assignment.workers
    if is_complete(assignment):
        if count_at_least(q, workers - q) > most_graphs:
            return None
        lies = lies_of(assignment, np.arange(workers) < q)
        return [(lies, graphs_up_to_relabelling(q, workers - q))]
    fields: list[tuple[Lies, Iterable[int]]] = []
    left = most_graphs
    for members in itertools.combinations(range(workers), q):
        lies = lies_of(assignment, np.isin(np.arange(workers), members))
        graphs = reachable_graphs(lies, left)
        if graphs is None:
            return None
        left -= len(graphs)
        fields.append((lies, graphs))
    return fields


def _improve(best: Best, lies: Lies, graph: int, payoff: Payoff, objective: str) -> None:
    """Replace ``best`` by the best selection of options that makes ``graph``, if it is better."""
    usable = payoff.allowed & lies.inside(graph)
    # Most graphs end here: not even with the best option of each file, or some file has none.
    worth = np.where(usable, best.score.weigh(payoff.distorted, payoff.kept, objective), IMPOSSIBLE)
    if np.maximum.reduceat(worth, lies.starts).sum() <= best.score.to_beat(objective):
        return
    open_options = np.flatnonzero(usable).tolist()
    files = lies.file[open_options].tolist()
    edges = [lies.edges[option] for option in open_options]
    distorted, kept = payoff.distorted[open_options], payoff.kept[open_options]
    while True:
        values = best.score.weigh(distorted, kept, objective).tolist()
        chosen = best_selection(files, values, edges, graph, best.score.to_beat(objective))
        if chosen is None:
            return
        best.score = Score(int(distorted[chosen].sum()), int(kept[chosen].sum()))
        best.byzantine = lies.byzantine
        best.liars = lies.selected(open_options[option] for option in chosen)
