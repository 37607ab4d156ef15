"""The game against every fixed mixed rule at once: the greatest share distorted of what each keeps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain, islice
from operator import or_

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment.base import Assignment
from aspis_sim.detection.minimax import keep_least_forgeable
from aspis_sim.errors import InputError
from aspis_sim.game.exhaustive import fields_of
from aspis_sim.game.graphs import is_complete
from aspis_sim.game.least_share import least_share, share_of_subset
from aspis_sim.game.lies import Lies, lies_of
from aspis_sim.game.local_search import starting_points
from aspis_sim.game.mixed_rules import MIXED_RULES, MixedRule, Options
from aspis_sim.game.result import Score
from aspis_sim.game.selection import best_selection


@dataclass
class RuleResult:
    """What the worst lies do to one rule.

    Attributes:
        rule: played against.
        score: distorted and kept files of the update with the greatest share distorted.
        nothing: some lies make it keep no file at all: a step without an update, counted as all distorted.
    """

    rule: MixedRule
    score: Score
    nothing: bool = False

    @property
    def fraction(self) -> float:
        """The share distorted, 1 where nothing is kept."""
        return 1.0 if self.nothing else self.score.count / max(1, self.score.kept)


@dataclass
class RulesResult:
    """What the worst lies do to all rules, and what no rule can avoid.

    Attributes:
        q: Byzantine workers.
        rules: one result a rule, in the order of `MIXED_RULES`.
        share: the greatest `least_share` of all graphs: weights that look at one graph can promise no less. None if
            it is not known.
        share_proof: "exhaustive", "proof" (from the closed form) or "upper bound".
        graphs: disagreement graphs looked at.
        exhaustive: no lies of the game do more: all graphs were looked at.
    """

    q: int
    rules: list[RuleResult] = field(default_factory=list)
    share: float | None = 0.0
    share_proof: str = "exhaustive"
    graphs: int = 0
    exhaustive: bool = True

    @property
    def least(self) -> float:
        """The least of the rules' greatest shares."""
        return min(one.fraction for one in self.rules)


def play_rules(assignment: Assignment, q: int, *, effort: int = 100, most_graphs: int = 50_000) -> RulesResult:
    """Find, for every rule of `MIXED_RULES`, the lies that leave the greatest share distorted of what it keeps.

    The game is that of `play`. The verdict on a graph and the class of each file decide what a rule keeps, so that for
    each graph every file's option is chosen on its own, except that together they make this graph; where certified
    values come first, no option may certify a value, since an update of these alone has nothing distorted. A rule that
    keeps nothing would have a share of 0 out of 0: it is given 1, for the step is lost.

    Beside the rules stands what no rule of any kind can avoid (`least_share`).

    Args:
        assignment: f files of r workers each.
        q: Byzantine workers, 0 <= q < K / 2; the detector is told the same number.
        effort: where all graphs are too many, those to look at of known attacks (only on the subset assignment).
        most_graphs: look at all graphs if they are at most about this many.

    Raises:
        InputError: too many graphs on an assignment of which no attacks are known, or q out of range.
    """
    if not 0 <= 2 * q < assignment.workers:
        raise InputError(f"{q} Byzantine workers of {assignment.workers}: a majority must be honest")
    fields = fields_of(assignment, q, most_graphs)
    complete = is_complete(assignment)
    found = RulesResult(q, [RuleResult(rule, Score(0, len(assignment.files))) for rule in MIXED_RULES])
    if fields is None:
        if not complete:
            raise InputError(
                f"{assignment.name} of {assignment.workers} workers with q={q} has too many graphs to look at all; "
                "take fewer workers, a smaller q, or the assignment subset"
            )
        found.exhaustive, found.share_proof = False, "proof"
        found.share = share_of_subset(assignment.workers, q, assignment.redundancy)
        fields = _known_attacks(assignment, q, effort)
    for lies, graphs in fields:
        for graph in graphs:
            found.graphs += 1
            _look_at(found, lies, graph, complete=complete)
    return found


def _known_attacks(assignment: Assignment, q: int, effort: int) -> list[tuple[Lies, Iterable[int]]]:
    """Graphs of known attacks; first that of nobody disagreeing, after which no rule is below the proven share."""
    lies = lies_of(assignment, np.arange(assignment.workers) < q)
    graphs = (
        sum(1 << int(u) * assignment.workers + int(v) for u, v in np.argwhere(np.triu(graph)))
        for graph in starting_points(lies.byzantine, q)
    )
    return [(lies, islice(chain([0], graphs), effort))]


def _look_at(found: RulesResult, lies: Lies, graph: int, *, complete: bool) -> None:
    """Improve on what is found by the lies that make this graph, if any do."""
    rows = np.flatnonzero(lies.inside(graph)).tolist()
    if reduce(or_, (lies.edges[row] for row in rows), 0) != graph:
        return
    disagreement = lies.disagreement(graph)
    verdict = keep_least_forgeable(~disagreement, max_byzantine=found.q, assignment=lies.assignment)
    options = Options(lies, verdict, np.array(rows, np.intp))
    edges = [lies.edges[row] for row in rows]
    every = Case.of(options, edges, np.arange(len(rows)))
    doubtful = Case.of(options, edges, np.flatnonzero(~options.certified))
    uncertified = doubtful.covers(lies.assignment) and doubtful.best([0] * len(doubtful.rows), graph, -1) is not None
    for result in found.rules:
        if not result.nothing and (uncertified or not result.rule.certified):
            _improve(result, doubtful if result.rule.certified else every, options, graph)
    if uncertified and found.exhaustive and found.share is not None:
        share = least_share(disagreement, found.q, lies.assignment)
        if share is None:
            found.share = share_of_subset(len(disagreement), found.q, lies.assignment.redundancy) if complete else None
            found.share_proof = "proof"
        elif share[0] > found.share:
            found.share, found.share_proof = share[0], "exhaustive" if share[1] else "upper bound"


@dataclass(frozen=True, eq=False)
class Case:
    """The options that can be chosen from.

    Attributes:
        rows: int ``[m]``, their places in `Options.rows`.
        files: of each option its file, ascending.
        edges: of each option the pairs that it makes disagree.
        starts: int, the first option of each file.
    """

    rows: NDArray[np.intp]
    files: list[int]
    edges: list[int]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, options: Options, edges: list[int], rows: NDArray[np.intp]) -> "Case":
        """The case in which these rows of all options are left."""
        files = options.files[rows]
        starts = np.flatnonzero(np.diff(files, prepend=-1))
        return cls(rows, files.tolist(), [edges[row] for row in rows.tolist()], starts)

    def covers(self, assignment: Assignment) -> bool:
        """Whether every file has an option."""
        return len(self.starts) == len(assignment.files)

    def best(self, values: list[int], graph: int, above: int) -> list[int] | None:
        """The options, one a file, of the greatest value beyond ``above`` that together make the graph."""
        return best_selection(self.files, values, self.edges, graph, above)


def _improve(result: RuleResult, case: Case, options: Options, graph: int) -> None:
    """Raise a rule's greatest share to that of the best options of the case that make the graph."""
    kept = options.kept_by(result.rule)[case.rows]
    distorted = kept & options.lie_wins[case.rows]
    if not np.minimum.reduceat(kept, case.starts).any():
        result.nothing = case.best((-kept.astype(np.int64)).tolist(), graph, -1) is not None
    while not result.nothing:
        values = result.score.weigh(distorted, kept, "fraction")
        if np.maximum.reduceat(values, case.starts).sum() <= 0:
            return
        best = case.best(values.tolist(), graph, 0)
        if best is None:
            return
        result.score = Score(int(distorted[best].sum()), int(kept[best].sum()))
