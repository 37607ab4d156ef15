"""The mixed rules by the greatest share distorted of what they keep, and what no rule can avoid."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.assignment import Assignment
from aspis_sim.game.play_rules import RuleResult, RulesResult

FALLBACK = "certified, else unanimous + agreed"
"""The rule of the detector `certified`."""


def rules_view(assignment: Assignment, results: Sequence[RulesResult]) -> RenderableType:
    """A row for each rule and q, the least share first, and what follows from them.

    Args:
        assignment: that all results are of.
        results: by q; one or more.
    """
    table = Table(
        title=Text(
            f"Mixed rules against their worst lies: {assignment.name}, K={assignment.workers}, "
            f"r={assignment.redundancy}, {len(assignment.files):,} files"
        ),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for heading in ("q", "rule", "distorted", "kept", "fraction", "minimax", "proof"):
        table.add_column(heading, justify="left" if heading in ("rule", "proof") else "right")
    for result in results:
        proof = "exhaustive" if result.exhaustive else "lower bound"
        if result.share is not None:
            table.add_row(str(result.q), "any weights", "", "", f"{result.share:.4f}", "", result.share_proof)
        for one in sorted((one for one in result.rules if not one.nothing), key=lambda one: one.fraction):
            least = "yes" if one.fraction == result.least else ""
            count, kept = f"{one.score.count:,}", f"{one.score.kept:,}"
            table.add_row(str(result.q), one.rule.name, count, kept, f"{one.fraction:.4f}", least, proof)
        if number := sum(one.nothing for one in result.rules):
            table.add_row(str(result.q), f"{number} other rules, made to keep nothing", "", "0", "1.0000", "", proof)
    return Group(table, *(Text(line) for line in _notes(results)))


def _notes(results: Sequence[RulesResult]) -> Iterator[str]:
    yield (
        "Rule: the files kept, each with the value of most workers that are not excluded. Unanimous: all copies are "
        "equal; agreed: all of workers that are not excluded; majority: most of these; tied: two values have the most "
        "(counted as the lie). A rule that can be made to keep nothing counts as 1: the step is lost."
    )
    yield "Any weights: the least share that any weighting of values can promise after the worst graph, by its LP."
    if not all(result.exhaustive for result in results):
        yield (
            "Lower bound: only graphs of known attacks were looked at; worse lies may exist, and the order of the "
            "rules may change with them. The share of any weights is proven."
        )
    yield ""
    for result in results:
        fallback = _named(result, FALLBACK)
        best = "known " if not result.exhaustive else ""
        gap = f"{100 * (fallback.fraction - result.least):.2f} points above the least of the rules"
        gap = "as little as any rule" if fallback.fraction == result.least else gap
        share = "" if result.share is None else f"; no rule can promise less than {100 * result.share:.2f}%"
        yield (
            f"q={result.q}: certified, else unanimous admits {100 * fallback.fraction:.2f}% of what it keeps at the "
            f"{best}worst, {gap}{share}."
        )


def _named(result: RulesResult, name: str) -> RuleResult:
    return next(one for one in result.rules if one.rule.name == name)
