"""Cells that ran again: a row a cell with what came out otherwise, and where it was computed before."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.analysis.stored import Stored, said
from aspis_sim.analysis.verification import ROUNDING, Check, Outcome, Sample
from aspis_sim.printable import printable

SHOWN = 20
"""Damages that are listed on a terminal; a CSV has all."""

STYLES = {Outcome.SAME: "green", Outcome.ROUNDED: "yellow"}


def verify_view(checks: Sequence[Check], sample: Sample, seed: int, from_csv: bool) -> RenderableType:
    """The table and the notes; one check or more."""
    named = [name for name in ("attack", "payload") if len({getattr(one, name) for one in checks}) > 1]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("scheme", "q", *named, "seed", "came out", "differs in"):
        table.add_column(name, justify="right" if name in ("q", "seed") else "left", overflow="fold")
    for one in checks:
        values = [str(getattr(one, name)) for name in ("scheme", "q", *named, "seed")]
        by = "" if one.largest is None else f" (by up to {one.largest:.1g}, relatively)"
        outcome = Text(one.outcome, style=STYLES.get(Outcome(one.outcome), "red"))
        table.add_row(*(Text(printable(value)) for value in values), outcome, Text(printable(one.differs + by)))
    return Group(table, *(Text(printable(line)) for line in notes(checks, sample, seed, from_csv)))


def notes(checks: Sequence[Check], sample: Sample, seed: int, from_csv: bool) -> Iterator[str]:
    """How many came out the same, and what may be behind it where they did not."""
    counts = Counter(one.outcome for one in checks)
    each = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    failed = f", {sample.failed} that failed were left out" if sample.failed else ""
    yield f"{len(checks)} of {sample.finished} finished cells ran again (drawn with seed {seed}{failed}): {each}."
    what = "rows, ignoring seconds" if from_csv else "rows, ignoring seconds, and traces"
    yield f"same: {what}, bit for bit; up to rounding: losses differ by {ROUNDING:g} relatively at most."
    for elsewhere, count in Counter(one.elsewhere for one in checks if one.elsewhere).items():
        yield f"{count} computed elsewhere: {elsewhere}."
    if from_csv and set(counts) != {str(Outcome.SAME)}:
        yield (
            "A CSV does not say which code and data it comes from, and one of an earlier version lacks settings: those "
            "of the scheme, or the defaults, were taken. Verify the study's folder to be sure."
        )


def stored_view(found: Stored) -> RenderableType:
    """What is damaged, line by line, and the result in sentences."""
    lines = [Text(printable(one.problem), style="red") for one in found.damages[:SHOWN]]
    if more := len(found.damages) - len(lines):
        lines.append(Text(f"and {more} more; all of them with the format csv", style="red"))
    return Group(*lines, *map(Text, said(found)))
