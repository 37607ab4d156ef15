"""Detection over many trials: a table an attack, a row a detector and q, and who accuses honest workers."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.assignment.base import listing
from aspis_sim.detection import Outcome
from aspis_sim.trials.monte_carlo import Row

WIDE = 120
"""Columns from which an interval fits beside its probability."""


def detect_view(rows: Sequence[Row], width: int) -> RenderableType:
    """The tables and what is said under them, for a terminal of ``width`` columns.

    Args:
        rows: by attack, then q, then detector; one or more.
        width: where it is below `WIDE`, intervals stand under their probabilities.
    """
    attacks = [list(group) for _, group in groupby(rows, key=lambda row: row.attack)]
    return Group(
        *(part for members in attacks for part in _view(members, width)),
        *(Text(line) for line in notes(rows)),
    )


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """How to read the tables, how many trials there were, and who accused honest workers."""
    yield (
        "all found: all Byzantine workers excluded; honest accused: an honest worker excluded (how many, on average); "
        "distorted, lost: files in the update, and left out of it, on average."
    )
    if any(row.believed_q != row.q for row in rows):
        yield f"The detectors are told of {rows[0].believed_q} Byzantine workers, whatever q is."
    if any(row.window > 1 for row in rows):
        yield "after: iterations until all are found, on average over the trials in which they are."
    if trials := max((row.trials for row in rows if row.found_low is not None), default=0):
        yield f"[…]: 95% interval (Wilson) over {trials:,} trials, seed {rows[0].seed}."
    if fixed := list(dict.fromkeys(row.attack for row in rows if row.accusing_low is None)):
        yield f"{listing(fixed)}: deterministic, so one trial was run."
    yield ""
    yield from findings(rows)


def findings(rows: Sequence[Row]) -> Iterator[str]:
    """Which detectors exclude honest workers, under what, and which never do."""
    accusing: dict[str, list[Row]] = {row.detector: [] for row in rows}
    for row in rows:
        accusing[row.detector] += [row] if row.accusing else []
    for detector, members in accusing.items():
        if members:
            each = "; ".join(
                f"{attack} at q={', '.join(str(row.q) for row in group)}"
                for attack, group in groupby(members, key=lambda row: row.attack)
            )
            yield f"! {detector} excludes honest workers under {each}."
    if clean := [detector for detector, members in accusing.items() if not members]:
        yield f"{listing(clean)} {'excludes' if len(clean) == 1 else 'exclude'} no honest worker in any trial."


def _view(rows: Sequence[Row], width: int) -> Iterator[RenderableType]:
    first, wide = rows[0], width >= WIDE
    framed = "" if first.framed is None else f", {first.framed} framed"
    lies = "" if first.lie_probability is None else f", lies with probability {first.lie_probability:g}"
    window = "" if first.window == 1 else f", windows of {first.window} iterations"
    window += ", permuted in every iteration" if first.permuted else ""
    yield Text(
        f"attack {first.attack}{framed}{lies}, {first.membership} membership, {first.assignment} K={first.workers} "
        f"r={first.redundancy} ({first.files:,} files){window}",
        style="bold",
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for heading in ("q", "detector", "all found", "honest accused", "outcome", "distorted\nfiles", "lost\nfiles"):
        right = heading == "q" or heading.endswith("files")
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for q, group in groupby(rows, key=lambda row: row.q):
        for number, row in enumerate(group):
            found = _percent(row.found, row.found_low, row.found_high)
            found += [] if row.window == 1 or row.iterations is None else [f"after {row.iterations:.1f}"]
            accuses = _percent(row.accusing, row.accusing_low, row.accusing_high)
            if row.accusing:
                accuses[-1] += f" ({row.accused:.3g})"
            table.add_row(
                "" if number else str(q),
                row.detector,
                _lines(found, wide),
                Text(_lines(accuses, wide), style="red" if row.accusing else ""),
                _lines(_outcomes(row), wide, ", "),
                _files(row.distorted_files),
                _files(row.lost_files),
            )
    yield table


def _percent(value: float | None, low: float | None, high: float | None) -> list[str]:
    """A share and its interval; of a single trial just yes or no."""
    if value is None:
        return ["-"]
    if low is None or high is None:
        return ["yes" if value else "no"]
    return [f"{100 * value:.1f}%", f"[{100 * low:.1f}, {100 * high:.1f}]"]


def _outcomes(row: Row) -> list[str]:
    shares = {outcome.value.replace("_", " "): getattr(row, outcome.value) for outcome in Outcome}
    seen = {name: share for name, share in shares.items() if share}
    return list(seen) if len(seen) == 1 else [f"{name} {100 * share:.1f}%" for name, share in seen.items()]


def _lines(parts: Sequence[str], wide: bool, between: str = "  ") -> str:
    return between.join(parts) if wide else "\n".join(parts)


def _files(mean: float) -> str:
    return f"{mean:,.0f}" if mean == int(mean) else f"{mean:,.2f}"
