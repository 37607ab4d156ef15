"""The distortion table: a row a q, a column a scheme, one table an attack, and a sentence on what Aspis saves."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.distortion.table import KINDS, Reduction, Row
from aspis_sim.schemes import SCHEMES, family

WIDE = 120
"""Columns from which a count and its bound fit beside their fraction."""

UNPROVEN = "*"

SUBJECT = next(iter(SCHEMES))
"""The scheme whose savings against the others are told: the first that is registered, Aspis."""


def distortion_view(rows: Sequence[Row], width: int) -> RenderableType:
    """The tables, their notes and the closing sentence, for a terminal of ``width`` columns.

    Args:
        rows: by scheme, then attack, then q; one or more.
        width: where it is below `WIDE`, counts stand under their fractions.
    """
    attacks = dict.fromkeys(row.attack for row in rows)
    views = [_view([row for row in rows if row.attack == attack], width >= WIDE) for attack in attacks]
    return Group(*views, *(Text(line) for line in notes(rows)))


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """How to read the tables, and what they show."""
    bound = "; γ: ByzShield's spectral bound on it" if any(row.gamma is not None for row in rows) else ""
    yield f"ε, distorted files over all files, and their number{bound}."
    if any(map(_open, rows)):
        yield f"{UNPROVEN} the best known, and what is proven not to be exceeded."
    else:
        yield f"All are proven: {', '.join(dict.fromkeys(row.proof for row in rows))}."
    complete = {KINDS[row.attack] for row in rows if ASSIGNMENTS.traits(row.assignment).complete}
    if "published" in complete and "worst" not in complete:
        yield "strong on subset: Theorem 1's attack; other lies can bring more past the detector, see --attack worst."
    if "spread out" in complete:
        yield "weak on subset: the Byzantines are found, and these files are lost with them, not distorted."
    if any(KINDS[row.attack] == "mean" for row in rows):
        yield "random: files with a Byzantine majority, the mean over all sets of q workers, before any detection."
    if any(row.expected is not None for row in rows):
        yield "mean: what the workers of the weak attack would distort on average if they were drawn at random."
    if (saved := reduction_shown(rows)) is not None:
        yield ""
        yield saved.sentence


def reduction_shown(rows: Sequence[Row]) -> Reduction | None:
    """The extremes of what Aspis saves against the other schemes that are shown, None without such rows."""
    strong = [row for row in rows if KINDS[row.attack] == "published"]
    ours = {row.q: row for row in strong if row.scheme == SUBJECT}
    cuts = [
        (1 - ours[row.q].distortion_fraction / row.distortion_fraction, (row.q, row.scheme))
        for row in strong
        if row.q > 1 and row.q in ours and row.distortion_fraction and family(row.scheme) != family(SUBJECT)
    ]
    if not cuts:
        return None
    (least, least_at), (most, most_at) = min(cuts), max(cuts)
    first = next(iter(ours.values()))
    return Reduction(first.workers, first.redundancy, least, least_at, most, most_at)


def _view(rows: Sequence[Row], wide: bool) -> RenderableType:
    first = max(rows, key=lambda row: row.redundancy)
    told = {
        "published": "as published",
        "worst": "the worst for the scheme's detector",
        "spread out": "spread out",
        "mean": "mean over random workers",
    }
    kind = told[KINDS[rows[0].attack]]
    title = f"Distorted files, attack {rows[0].attack} ({kind}), K={first.workers}, r={first.redundancy}"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("q", justify="right")
    columns = []
    for scheme, group in groupby(rows, key=lambda row: row.scheme):
        members = list(group)
        columns.append({row.q: row for row in members})
        size = f"{members[0].files:,} file{'' if members[0].files == 1 else 's'}"
        named = scheme if scheme == members[0].assignment else f"{scheme}\n{members[0].assignment}"
        table.add_column(Text(f"{named}\n{size}"), justify="right", no_wrap=True)
    widths = [max(len(_count(row)) for row in column.values()) for column in columns]
    for q in dict.fromkeys(row.q for row in rows):
        cells = [_cell(column.get(q), size if wide else 0) for column, size in zip(columns, widths, strict=True)]
        table.add_row(str(q), *cells)
    return Group(Text(title, style="bold"), table)


def _cell(row: Row | None, size: int) -> Text:
    """ε, then the count and γ: beside it in columns of ``size``, or below it if that is 0."""
    if row is None:
        return Text("-", style="dim")
    text = Text(f"{row.distortion_fraction:.4f}", style="" if not _open(row) else "yellow")
    text.append(f"  {_count(row):>{size}}" if size else f"\n{_count(row)}", style="dim")
    for sign, figure in (("γ", row.gamma), ("mean", row.expected)):
        if figure is not None:
            words = f"{sign} {figure:.1f}"
            text.append(f"  {words:>{len(sign) + 5}}" if size else f" {words}", style="dim")
    return text


def _count(row: Row) -> str:
    if _open(row):
        return f"{row.distorted_files:,}..{row.bound:,}{UNPROVEN}"
    return f"{row.distorted_files:,}" if isinstance(row.distorted_files, int) else f"{row.distorted_files:.2f}"


def _open(row: Row) -> bool:
    return row.proof == "bound only"
