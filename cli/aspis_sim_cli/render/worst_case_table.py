"""The worst lies found: a row a search, the attack in short, and a sentence that compares the detectors."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

import numpy as np
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.assignment import Assignment
from aspis_sim.assignment.base import listing
from aspis_sim.detection import DETECTORS
from aspis_sim.distortion.closed_forms import subset_strong
from aspis_sim.game import Result

WIDE = 132
"""Columns from which an attack fits beside its figures."""

FILES_SHOWN = 3
"""Files that the short form of an attack spells out."""


def worst_case_view(assignment: Assignment, results: Sequence[Result], seed: int, width: int) -> RenderableType:
    """The table, its caption and its closing lines, for a terminal of ``width`` columns.

    Args:
        assignment: that all results are of.
        results: by q, then detector; one or more.
        seed: of the local searches among them.
        width: where it is below `WIDE`, the attacks are listed under the table.
    """
    wanted = {"count": "most distorted files", "fraction": "greatest share distorted of the files kept"}
    table = Table(
        title=Text(
            f"The worst lies, {wanted[results[0].objective]}: {assignment.name}, K={assignment.workers}, "
            f"r={assignment.redundancy}, {len(assignment.files):,} files"
        ),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for heading in ("q", "detector", "distorted", "kept", "fraction", "graphs", "proof"):
        left = heading in ("detector", "proof")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    if width >= WIDE:
        table.add_column("attack")
    attacks = Table(box=None, show_header=False, pad_edge=False)
    attacks.add_column(no_wrap=True)
    attacks.add_column()
    for q, group in groupby(results, key=_q):
        for first, result in _first(group):
            attack = Text(short_attack(assignment, result))
            table.add_row(
                str(q) if first else "",
                result.detector,
                Text(f"{result.count:,}", style="red" if _beyond(assignment, result) else ""),
                f"{result.kept:,}",
                f"{result.fraction:.3f}",
                f"{result.graphs:,}",
                "exhaustive" if result.exhaustive else "lower bound",
                *([attack] if width >= WIDE else []),
            )
            attacks.add_row(f"q={q} {result.detector}", attack)
    below: list[RenderableType] = [] if width >= WIDE else [Text("attacks", style="bold"), attacks, Text()]
    return Group(table, *below, *(Text(line) for line in notes(assignment, results, seed)))


def short_attack(assignment: Assignment, result: Result) -> str:
    """Who lies, against whom, about how many files, and about the first few of these.

    ``0-2 against 3 4: 16 files, 0 (0-2), 1 (0 1), 2 (0 1) and 13 more``
    """
    if not result.count:
        return "none gets in" if result.exhaustive else "none found that gets in"
    attack = result.attack
    truthful = ~result.liars & result.liars.any(axis=1, keepdims=True)
    against = np.unique(assignment.files[truthful & ~result.byzantine[assignment.files]])
    shown = ", ".join(
        f"{file} ({_span(assignment.files[file, list(slots)].tolist())})"
        for file, slots in list(attack.items())[:FILES_SHOWN]
    )
    rest = len(attack) - FILES_SHOWN
    return (
        f"{_span(result.byzantine.nonzero()[0].tolist())} against {_span(against.tolist()) or 'nobody'}: "
        f"{_files(len(attack))}, {shown}{f' and {rest:,} more' if rest > 0 else ''}"
    )


def notes(assignment: Assignment, results: Sequence[Result], seed: int) -> Iterator[str]:
    """What is said under the table: how to read it, what the game covers, and what was found."""
    if any(result.count for result in results):
        yield (
            "Attack: the Byzantine workers, the honest ones they disagree with, the files lied about; "
            "3 (0 1): workers 0 and 1 lie about file 3. Workers and files count from 0."
        )
    yield (
        "Covered: each Byzantine worker of a file tells the truth or the file's one common lie. Not covered: "
        "several different lies about one file; what the robust rule makes of the distorted files."
    )
    if any(result.exhaustive for result in results):
        yield "Exhaustive: every graph of who disagrees with whom was tried; no lies covered do more harm."
    if not all(result.exhaustive for result in results):
        yield (
            f"Lower bound: the worst that a local search with seed {seed} found; worse lies may exist, and "
            "the order of the detectors may change with them."
        )
    yield ""
    yield from findings(assignment, results)


def findings(assignment: Assignment, results: Sequence[Result]) -> Iterator[str]:
    """Which detectors hold best, and where the published one admits more than its published worst case."""
    by_q = {q: list(group) for q, group in groupby(results, key=_q)}
    detectors = list(dict.fromkeys(result.detector for result in results))
    if len(detectors) > 1:
        yield _comparison(by_q)
    else:
        each = ", ".join(f"{_harm(group[0])} at q={q}" for q, group in by_q.items())
        yield f"{_against(results)} {detectors[0]} lets in {each}."
    if beyond := [result for result in results if _beyond(assignment, result)]:
        each = ", ".join(
            f"{result.count:,} against {subset_strong(_q(result), assignment.redundancy):,} at q={_q(result)}"
            for result in beyond
        )
        yield f"! clique lets in more distorted files than the published worst case, C(2q,r)/2: {each}."


def _comparison(by_q: dict[int, list[Result]]) -> str:
    """One sentence: the detectors that let in least at every q, with the figures of the q that tells most."""
    differ = {q: group for q, group in by_q.items() if len({_value(result) for result in group}) > 1}
    every = [result for group in by_q.values() for result in group]
    if not differ:
        each = ", ".join(f"{_harm(group[0])} at q={q}" for q, group in by_q.items())
        return f"{_against(every)} no detector beats another: each lets in {each}."
    least = {q: min(map(_value, group)) for q, group in by_q.items()}
    best = [
        result.detector
        for result in next(iter(by_q.values()))
        if all(
            _value(other) == least[q]
            for q, group in by_q.items()
            for other in group
            if other.detector == result.detector
        )
    ]
    shown = differ if not best else {max(differ): differ[max(differ)]}
    figures = "; ".join(f"at q={q} {_ranking(group)}" for q, group in shown.items())
    if not best:
        return f"{_against(every)} no detector holds best at every q: {figures}."
    holds = "holds" if len(best) == 1 else "hold"
    where = " at every q" if len(by_q) > 1 else ""
    return f"{_against(every)} {listing(best)} {holds} best{where}: {figures}."


def _ranking(group: list[Result]) -> str:
    """``certified and unanimous let in 1 distorted file, clique and sound 10``."""
    ordered = sorted(group, key=_value)
    parts: list[str] = []
    for _, equal in groupby(ordered, key=_value):
        members = list(equal)
        who = listing([result.detector for result in members])
        verb = "" if parts else " let in" if len(members) > 1 else " lets in"
        parts.append(f"{who}{verb} {_harm(members[0], noun=not parts)}")
    return ", ".join(parts)


def _harm(result: Result, *, noun: bool = True) -> str:
    if result.objective == "fraction":
        return f"{100 * result.fraction:.3g}%{' of what it keeps' if noun else ''}"
    return f"{result.count:,}{f' distorted file{_s(result.count)}' if noun else ''}"


def _against(results: Sequence[Result]) -> str:
    return f"Against the worst lies{'' if all(result.exhaustive for result in results) else ' found'},"


def _value(result: Result) -> Fraction:
    """The objective, exactly."""
    return Fraction(result.count, 1 if result.objective == "count" else max(result.kept, 1))


def _beyond(assignment: Assignment, result: Result) -> bool:
    """Whether the published detector lets in more than the theorem says of the vote."""
    if not (DETECTORS.traits(result.detector).excludes_to_average and assignment.complete):
        return False
    return result.count > subset_strong(_q(result), assignment.redundancy)


def _q(result: Result) -> int:
    return int(result.byzantine.sum())


def _first(group: Iterator[Result]) -> Iterator[tuple[bool, Result]]:
    return ((number == 0, result) for number, result in enumerate(group))


def _files(count: int) -> str:
    return f"{count:,} file{_s(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _span(workers: list[int]) -> str:
    """Ascending numbers, runs of three or more shortened: ``0-2 5 6``."""
    runs = groupby(enumerate(workers), key=lambda pair: pair[1] - pair[0])
    parts: list[str] = []
    for _, pairs in runs:
        run = [worker for _, worker in pairs]
        parts += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else map(str, run)
    return " ".join(parts)
