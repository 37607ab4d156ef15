"""What lies are worth against audits: a row for every number of convictions, and how to read it."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.assignment import Assignment
from aspis_sim.game.audits import AuditResult


def audit_game_view(assignment: Assignment, results: Sequence[AuditResult]) -> RenderableType:
    """The table and its closing lines.

    Args:
        assignment: that all results are of.
        results: by q, then convictions; one or more, of as many audits and steps.
    """
    first = results[0]
    table = Table(
        title=Text(
            f"The worst lies of a run: {assignment.name}, K={assignment.workers}, r={assignment.redundancy}, "
            f"{first.files:,} files, T={first.steps:,} steps, m={first.audits}"
        ),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    columns = ["q", "convicted", "distorted", "mean ε", "bound"]
    if first.best_policy is not None:
        columns += ["best order", "audit"]
    for heading in (*columns, "proof"):
        table.add_column(heading, justify="left" if heading == "proof" else "right", no_wrap=True)
    for q, group in groupby(results, key=lambda result: result.q):
        of_q = list(group)
        ends = next(number for number, result in enumerate(of_q, 1) if not result.bound)
        for number, result in enumerate(of_q[:ends]):
            best = [] if result.best_policy is None else [f"{result.best_policy:,.1f}", str(result.best_audit or "")]
            table.add_row(
                "" if number else str(q),
                str(result.convicted),
                f"{result.distorted:,.1f}",
                f"{result.share:.4f}",
                f"{result.bound:,.1f}",
                *best,
                "exhaustive" if result.exact else "lower bound",
            )
    return Group(table, *(Text(line) for line in _notes(results)))


def _notes(results: Sequence[AuditResult]) -> Iterator[str]:
    first = results[0]
    yield (
        "Distorted: expected file-steps of the whole run under the best lies, from a number of convicted workers on; "
        "mean ε: that over files and steps. Detector certified, evidence for the run, disputes audited first and "
        "doubtful files at random then. No lies exceed the bound, (q - convicted - r + 1) f / m, however long the run."
    )
    if first.best_policy is not None:
        yield (
            "Best order: the same if the server chose at every step, at random with the best chances, how many live "
            "workers the file that it audits has; audit: how many, most often, at the first step."
        )
    if any(result.exact for result in results):
        yield "Exhaustive: every choice of files and decoys was tried."
    if not all(result.exact for result in results):
        yield "Lower bound: files with as many live workers are lied about together; other choices may be worth more."
    whole = [result for result in results if not result.convicted]
    each = ", ".join(
        f"{result.distorted:,.1f} file-steps of at most {result.bound:,.1f} at q={result.q}" for result in whole
    )
    yield ""
    yield f"{first.audits} audit{'s' if first.audits > 1 else ''} a step leave{'' if first.audits > 1 else 's'} {each}."
