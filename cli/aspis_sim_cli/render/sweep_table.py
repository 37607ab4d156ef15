"""A sweep as a table: one row a q, for each scheme its top-1 and its distortion fraction beside the published one."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.analysis.summary import Entry, Mean, Panel, Worst, family, gaps, reductions
from aspis_sim.spec.grid import Grid

NARROW, ON_ONE_LINE = 15, 27
"""Columns that a scheme takes with its figures on two lines, and on one."""


def panel_view(panel: Panel, grid: Grid, width: int) -> RenderableType:
    """A panel's table with its caption and headline, for a terminal of ``width`` columns."""
    one_line = _on_one_line(panel.schemes, width)
    tables = []
    for schemes in _side_by_side(panel.schemes, width):
        table = _table(schemes)
        for q in panel.q:
            table.add_row(str(q), *(_cell(panel.entries.get((scheme, q)), one_line) for scheme in schemes))
        tables.append(table)
    title = Text.assemble((_title(panel, grid), "bold"))
    return Lines(title, *tables, *(Text(line) for line in notes(panel, grid)))


def worst_view(worst: Worst, grid: Grid, width: int) -> RenderableType:
    """Each scheme's worst top-1 over the attacks of the sweep, with the attack that does it."""
    strength = next((entry.rows[0].strength for _, entry in worst.entries.values()), None)
    payload = worst.setting.payload + ("" if strength is None else f" {strength:g}")
    title = f"worst over attacks, payload {payload}, K={grid.workers}, r={worst.setting.redundancy}"
    apart = "  " if _on_one_line(worst.schemes, width) else "\n"
    tables = []
    for schemes in _side_by_side(worst.schemes, width):
        table = _table(schemes)
        for q in worst.q:
            cells = []
            for scheme in schemes:
                attack, entry = worst.entries.get((scheme, q), ("", None))
                text = Text(_mean(entry.top1) if entry else "-")
                cells.append(text.append(apart + attack, style="dim"))
            table.add_row(str(q), *cells)
        tables.append(table)
    return Lines(Text.assemble((title, "bold")), *tables)


def _on_one_line(schemes: Sequence[str], width: int) -> bool:
    return 4 + ON_ONE_LINE * len(schemes) <= width


def _side_by_side(schemes: Sequence[str], width: int) -> Iterator[Sequence[str]]:
    """The schemes of each table, as many as stand beside each other."""
    most = max(1, (width - 4) // NARROW)
    for start in range(0, len(schemes), most):
        yield schemes[start : start + most]


def _table(schemes: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("q", justify="right", no_wrap=True)
    for scheme in schemes:
        table.add_column(Text(scheme), justify="right", no_wrap=True)
    return table


def notes(panel: Panel, grid: Grid) -> Iterator[str]:
    """What is said under the table: how to read it, the protocol, the headline."""
    yield "top-1 % (mean ± 95% interval over seeds); ε: distorted files in the update, measured / published"
    yield f"Protocol {grid.protocol}: {_protocol(grid)} {_samples(panel)}"
    yield ""
    yield from headline(panel)


def headline(panel: Panel) -> Iterator[str]:
    """Two sentences: the accuracy gap of the first scheme to its best rival, and what it does to ε; then findings."""
    subject = panel.schemes[0]
    if found := gaps(panel, subject):
        each = ", ".join(f"{gap.points:+.1f} at q={gap.q} ({gap.rival})" for gap in found)
        yield f"Top-1 of {subject} against its best rival, in points: {each}."
    for relative in panel.schemes[1:]:
        if family(relative) == family(subject) and (gains := _gains(panel, relative, subject)):
            yield f"{relative} against {subject}, in points: {gains}."
    if shares := reductions(panel, subject):
        low, high = (f"{one.share:.0%} ({one.rival}, q={one.q})" for one in (shares[0], shares[-1]))
        span = low if shares[0].share == shares[-1].share else f"{low} to {high}"
        yield f"{subject}'s distortion fraction is lower than its rivals' by {span}."
    for scheme in panel.schemes:
        yield from _findings(panel, scheme)


def _gains(panel: Panel, scheme: str, other: str) -> str:
    parts = []
    for q in panel.q:
        ours, theirs = panel.entries.get((scheme, q)), panel.entries.get((other, q))
        if ours and theirs and ours.top1 and theirs.top1:
            parts.append(f"{100 * (ours.top1.value - theirs.top1.value):+.1f} at q={q}")
    return ", ".join(parts)


def _findings(panel: Panel, scheme: str) -> Iterator[str]:
    entries = {q: entry for q in panel.q if (entry := panel.entries.get((scheme, q))) is not None and entry.rows}
    accused = {q: entry.accused for q, entry in entries.items() if entry.accused}
    if accused:
        each = ", ".join(
            f"{share * (entries[q].rows[0].workers - q):.3g} of {entries[q].rows[0].workers - q} at q={q}"
            for q, share in accused.items()
        )
        trusted = [q for q in accused if entries[q].detected == 0]
        also = f", and trusts every Byzantine worker at q={', '.join(map(str, trusted))}" if trusted else ""
        yield f"! {scheme} accuses honest workers: {each}{also}."
    beyond = [q for q, entry in entries.items() if entry.measured is not None and entry.measured > entry.theory + 1e-9]
    if beyond:
        yield f"! {scheme}: more distorted files than the published worst case at q={', '.join(map(str, beyond))}."
    lost = {q: entry.lost for q, entry in entries.items() if entry.lost}
    if lost:
        each = ", ".join(f"{share:.3g} at q={q}" for q, share in lost.items())
        yield f"{scheme} leaves files out of the update that it cannot trust, as a fraction of all: {each}."


def _title(panel: Panel, grid: Grid) -> str:
    setting = panel.setting
    strength = next((row.strength for row in panel.rows()), setting.strength)
    shown = "" if strength is None else f" {strength:g}"
    return (
        f"attack {setting.attack_label}, payload {setting.payload}{shown}, K={grid.workers}, r={setting.redundancy}, "
        f"{grid.dataset}, {grid.model}, {grid.budget}"
    )


def _protocol(grid: Grid) -> str:
    return {
        "files": "the same number of samples a file for every scheme.",
        "batch": "the same distinct samples a step for every scheme.",
        "work": "the same number of samples computed by each worker.",
    }[grid.protocol]


def _samples(panel: Panel) -> str:
    parts = []
    for scheme in panel.schemes:
        if counts := panel.samples(scheme):
            per_file, distinct, computed = counts
            parts.append(f"{scheme} {per_file} a file, {distinct:,} distinct ({computed:,} computed)")
    return f"Samples a step: {'; '.join(parts)}." if parts else ""


def _cell(entry: Entry | None, wide: bool) -> Text:
    if entry is None:
        return Text("-", style="dim")
    if not entry.rows:
        return Text("failed", style="red")
    text = Text(_mean(entry.top1))
    if entry.failed:
        text.append(f" ({len(entry.failed)} failed)", style="red")
    text.append("  " if wide else "\n")
    text.append(
        f"ε {_fraction(entry.measured)}/{_fraction(entry.theory)}",
        style="dim" if entry.as_published else "red",
    )
    return text


def _mean(mean: Mean | None) -> str:
    if mean is None:
        return "-"
    width = "" if mean.half_width is None else f" ±{100 * mean.half_width:4.1f}"
    return f"{100 * mean.value:.1f}{width}"


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.2f}"
