"""A sweep as a table: one row per q, for each scheme its top-1 and its distortion fraction beside the published one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from rich import box
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from aspis_sim.analysis.headline import Worst, at_random, gaps, only_ours, reductions
from aspis_sim.analysis.summary import FEW, Entry, Mean, spread_text
from aspis_sim.analysis.tables import Table
from aspis_sim.distortion.table import against
from aspis_sim.run.figures.columns import DIVERGED
from aspis_sim_cli.render.known_worst import known_worst
from aspis_sim_cli.render.ranking_table import ranking_view

NARROW, ON_ONE_LINE = 15, 31
"""Columns that a scheme takes with its figures on lines of their own, and on one."""


def sweep_view(tables: Sequence[Table], width: int) -> RenderableType:
    """Tables, each with its headline, and how to read them: once, for a terminal of ``width`` columns."""
    if len(tables) == 1:
        (table,) = tables
        return Lines(*_drawn(table, width), *_texts([*legend(tables), "", *headline(table)]))
    parts = [part for table in tables for part in (*_drawn(table, width), *_texts([*headline(table), ""]))]
    return Lines(*parts, *_texts(legend(tables)))


def _drawn(table: Table, width: int) -> Iterator[RenderableType]:
    """The title and the figures."""
    one_line = _on_one_line(table.schemes, width)
    yield _bold(table.title)
    for schemes in _side_by_side(table.schemes, width):
        drawn = _table(schemes, {scheme: counts[1] for scheme in schemes if (counts := table.samples(scheme))})
        for q in table.q:
            drawn.add_row(str(q), *(_cell(table.entries.get((scheme, q)), one_line) for scheme in schemes))
        yield drawn


def _texts(lines: Iterable[str]) -> Iterator[Text]:
    return map(Text, lines)


def worst_view(worst: Worst, width: int) -> RenderableType:
    """Each scheme's worst top-1 over several attacks or adversaries, with the one that does it."""
    apart = "  " if _on_one_line(worst.schemes, width) else "\n"
    doers = dict.fromkeys(doer for doer, _ in worst.entries.values())
    short = {one: one if worst.over == "attacks" else f"({place})" for place, one in enumerate(doers, 1)}
    shown = []
    for schemes in _side_by_side(worst.schemes, width):
        drawn = _table(schemes)
        for q in worst.q:
            cells = []
            for scheme in schemes:
                doer, entry = worst.entries.get((scheme, q), ("", None))
                text = Text(_mean(entry.top1, apart == "  ") if entry else "-")
                cells.append(text.append(apart + short.get(doer, ""), style="dim"))
            drawn.add_row(str(q), *cells)
        shown.append(drawn)
    named = "; ".join(f"{number} {one}" for one, number in short.items() if number != one)
    return Lines(_bold(worst.title), *shown, *([Text(f"Adversaries: {named}.")] if named else []))


def worst_cases_view(cases: Sequence[Worst], width: int) -> RenderableType:
    """The worst case of each scheme where there are several adversaries, and the order of the schemes."""
    parts: list[RenderableType] = []
    for worst in cases:
        parts += [worst_view(worst, width)] if worst.count > 1 else []
        parts.append(ranking_view(worst, width))
    return Lines(*parts)


def _bold(title: str) -> Text:
    return Text.assemble((title, "bold"))


def _on_one_line(schemes: Sequence[str], width: int) -> bool:
    return 4 + max(ON_ONE_LINE, *(len(scheme) + 2 for scheme in schemes)) * len(schemes) <= width


def _side_by_side(schemes: Sequence[str], width: int) -> Iterator[Sequence[str]]:
    """The schemes of each table, as many as stand beside each other with nothing of their labels cut."""
    words = (word for scheme in schemes for word in scheme.partition(" (")[2].split())
    widest = max((len(word) + 4 for word in words), default=0)
    most = max(1, (width - 4) // max(NARROW, widest))
    for start in range(0, len(schemes), most):
        yield schemes[start : start + most]


def _table(schemes: Sequence[str], samples: Mapping[str, int] = MappingProxyType({})) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("q", justify="right", no_wrap=True)
    for scheme in schemes:
        name, variant, told = scheme.partition(" (")
        heading = Text(name + (f"\n({told}" if variant else ""))
        if scheme in samples:
            heading.append(f"\n{samples[scheme]:,} samples", style="dim")
        table.add_column(heading, justify="right", no_wrap=not variant, overflow="fold")
    return table


def legend(tables: Sequence[Table]) -> Iterator[str]:
    """How to read the tables, and what each protocol among them holds equal."""
    published = any(entry.theory is not None for table in tables for entry in table.entries.values())
    yield (
        "samples: distinct ones per step; top-1 % (mean over seeds ± 95% interval, in brackets where it is cut off at "
        f"0 or 100; with fewer than {FEW} seeds their range); ε: distorted files in the update, measured"
        f"{' / published' if published else ''}"
    )
    yield from dict.fromkeys(
        f"Protocol {table.context['protocol']}: {_PROTOCOLS[table.context['protocol']]} {_samples(table)}"
        for table in tables
    )


_PROTOCOLS = {
    "files": "the same number of samples per file for every scheme.",
    "batch": "the same distinct samples per step for every scheme.",
    "work": "the same number of samples computed by each worker.",
}


def _unequal(table: Table) -> Iterator[str]:
    """That schemes do not see equally many samples, where the protocol does not see to it."""
    distinct = [counts[1] for scheme in table.schemes if (counts := table.samples(scheme))]
    protocol = table.context["protocol"]
    if protocol != "batch" and len(set(distinct)) > 1:
        yield (
            f"The schemes see different numbers of samples per step, {min(distinct):,} to {max(distinct):,}, under the "
            f"protocol {protocol}; --protocol batch holds them equal."
        )


def headline(table: Table) -> Iterator[str]:
    """Whether schemes see equally many samples, how the first compares to its best rival and in ε; then findings."""
    yield from _unequal(table)
    subject = table.schemes[0]
    if found := gaps(table, subject):
        each = ", ".join(f"{gap.points:+.1f} at q={gap.q} ({gap.rival})" for gap in found)
        yield f"Top-1 of {subject} against its best rival, in points: {each}."
    for relative in table.schemes[1:]:
        if table.family(relative) == table.family(subject) and (gains := _gains(table, relative, subject)):
            yield f"{relative} against {subject}, in points: {gains}."
    if shares := reductions(table, subject):
        ends = shares[:1] if shares[0].share == shares[-1].share else (shares[0], shares[-1])
        if shares[0].share > 0:
            span = " to ".join(f"{one.share:.0%} ({one.rival}, q={one.q})" for one in ends)
            yield f"{subject}'s distortion fraction is lower than its rivals' by {span}."
        else:
            span = " to ".join(f"{against(one.share)} ({one.rival}, q={one.q})" for one in ends)
            yield f"Against its rivals', {subject}'s distortion fraction is {span}."
    if worse := only_ours(table, subject):
        each = ", ".join(f"{rival} at q={q}" for rival, q in worse)
        yield f"{subject} has distorted files where a rival has none: {each}."
    if found_at_random := at_random(table):
        each = ", ".join(f"{one.count:.1f} of {one.files} for {one.scheme} at q={one.q}" for one in found_at_random)
        yield (
            "The Byzantine workers are spread out as thinly as can be. Drawn at random, they would on average have a "
            f"majority in more files: {each}."
        )
    for scheme in table.schemes:
        yield from _findings(table, scheme)
    yield from known_worst(table)


def _gains(table: Table, scheme: str, other: str) -> str:
    parts = []
    for q in table.q:
        top1 = table.top1_at(q)
        if scheme in top1 and other in top1:
            parts.append(f"{100 * (top1[scheme] - top1[other]):+.1f} at q={q}")
    return ", ".join(parts)


def _findings(table: Table, scheme: str) -> Iterator[str]:
    entries = {q: entry for q in table.q if (entry := table.entries.get((scheme, q))) is not None and entry.rows}
    accused = {q: entry.accused for q, entry in entries.items() if entry.accused}
    if accused:
        each = ", ".join(
            f"{share * (entries[q].some.workers - q):.3g} of {entries[q].some.workers - q} at q={q}"
            for q, share in accused.items()
        )
        trusted = [q for q in accused if entries[q].detected == 0]
        also = f", and trusts every Byzantine worker at q={', '.join(map(str, trusted))}" if trusted else ""
        yield f"! {scheme} accuses honest workers: {each}{also}."
    beyond = [q for q, entry in entries.items() if entry.beyond_published]
    if beyond:
        yield f"! {scheme}: more distorted files than the published worst case at q={', '.join(map(str, beyond))}."
    lost = {q: entry.lost for q, entry in entries.items() if entry.lost}
    if lost:
        each = ", ".join(f"{share:.3g} at q={q}" for q, share in lost.items())
        yield f"{scheme} leaves files out of the update that it cannot trust, as a fraction of all: {each}."
    diverged = {q: entry.diverged for q, entry in entries.items() if entry.diverged}
    if diverged:
        each = ", ".join(f"{count} of {len(entries[q].rows)} at q={q}" for q, count in diverged.items())
        yield f"! {scheme} diverged: {each} ({DIVERGED})."


def _samples(table: Table) -> str:
    parts = []
    for scheme in table.schemes:
        if counts := table.samples(scheme):
            per_file, distinct, computed = counts
            parts.append(f"{scheme} {per_file} per file, {distinct:,} distinct ({computed:,} computed)")
    return f"Samples per step: {'; '.join(parts)}." if parts else ""


def _cell(entry: Entry | None, wide: bool) -> Text:
    if entry is None:
        return Text("-", style="dim")
    if not entry.rows:
        return Text("failed", style="red")
    text = Text(_mean(entry.top1, wide))
    if entry.failed:
        text.append(f" ({len(entry.failed)} failed)", style="red")
    text.append("  " if wide else "\n")
    published = "" if entry.theory is None else f"/{_fraction(entry.theory)}"
    text.append(
        f"ε {_fraction(entry.measured)}{published}",
        style="dim" if entry.theory is None or entry.as_published else "red",
    )
    return text


def _mean(mean: Mean | None, wide: bool) -> str:
    if mean is None:
        return "-"
    spread = spread_text(mean, width=4)
    apart = "" if wide or mean.half_width is not None else "\n"
    return f"{100 * mean.value:.1f}{apart}{spread.lstrip() if apart and spread else spread}".rstrip()


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"
