"""A comparison as tables: a row a group of pairs with means, difference, p and verdict, and how to read them."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.analysis.comparison import Comparison, Difference
from aspis_sim.analysis.pairs import FOLLOWING
from aspis_sim.analysis.statistics import LEVEL, least_p, pairs_needed
from aspis_sim.analysis.summary import FEW
from aspis_sim.assignment.base import listing
from aspis_sim.printable import printable
from aspis_sim.run.row import FIRST, METRICS, SETTINGS
from aspis_sim.spec.cell import BY_COLUMN, Cell
from aspis_sim.study.reading import written

WIDE = 120
"""Columns from which every interval is written with its ends."""
CHECKABLE = 20
"""Seeds from which one can see whether differences look normal."""
NAMED = 10
"""Groups of cells without a partner that are named."""
ROWS = ("scheme", "q")
"""Settings that may differ from row to row of a table; another table is made for other values of the others."""
STYLES = {"better": "green", "worse": "red", "identical": "dim", "not finite": "yellow"}


def compare_view(comparison: Comparison, names: tuple[str, str], width: int) -> RenderableType:
    """The tables and the notes, for a terminal of ``width`` columns.

    Args:
        comparison: to be shown.
        names: of the two sources.
        width: below `WIDE` an interval is written as its half width.
    """
    groups = comparison.groups
    varying = [name for name in (*SETTINGS, "other") if len({_setting(group, name) for group in groups}) > 1]
    rows = [name for name in ROWS if name in varying] or ["q"]
    titled = [name for name in varying if name not in (*rows, *FOLLOWING) and not _follows(name, groups)]
    sections: dict[str, list[Difference]] = {}
    for group in groups:
        words = [f"{name} {written(_setting(group, name))}" for name in titled]
        sections.setdefault(", ".join([_unit(group.metric), *words]), []).append(group)
    parts: list[RenderableType] = [Text(line, style="bold") for line in heading(comparison, names)]
    for title, members in sections.items():
        parts += [Text(""), Text(printable(title), style="italic"), _table(members, rows, width >= WIDE)]
    return Group(*parts, *(Text(line) for line in notes(comparison)))


def heading(comparison: Comparison, names: tuple[str, str]) -> Iterator[str]:
    """What A and B are, and what is the same throughout."""
    for side, (letter, name) in enumerate(zip("AB", names, strict=True)):
        values = {setting: both[side] for setting, both in comparison.pairing.compared.items()}
        each = "".join(f", {setting} {' '.join(map(written, found))}" for setting, found in values.items())
        yield printable(f"{letter}: {name}{each}")
    groups = comparison.groups
    found = {name: {_setting(group, name) for group in groups} for name in (*SETTINGS, "other")}
    same = {name: values.pop() for name, values in found.items() if len(values) == 1}
    told = {name: value for name, value in same.items() if value not in (None, "") and _telling(name, value)}
    words = [f"{name} {written(value)}" for name, value in told.items()]
    yield printable(f"Both: {', '.join(words)}")


def notes(comparison: Comparison) -> Iterator[str]:
    """How to read the figures, what so few seeds can show, what is the same and what was left out."""
    groups, tests = comparison.groups, comparison.tests
    counts = sorted({group.seeds for group in groups})
    seeds = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    plural = "seed" if counts == [1] else "seeds"
    few, many = min(counts) < FEW, max(counts) >= FEW
    spreads = ["its 95% interval (Student's t, each group by itself)"] * many
    spreads += [f"the range of the differences{' of fewer than 4 seeds' * many}"] * (few and counts != [1])
    spread = f" with {', or '.join(spreads)}" if spreads else ""
    yield (
        f"Mean of A - B over {seeds} paired {plural}{spread}. p: "
        f"{'t' if comparison.test == 't' else 'exact sign-flip'} test, Holm-corrected over {tests} "
        f"{'group' if tests == 1 else 'groups'}; a difference is shown where p is {LEVEL:g} or less."
    )
    yield from few_seeds(comparison)
    if any(group.p_holm is None and group.difference for group in groups):
        yield "p -: a count that no seed changes; it follows from the settings, and there is nothing to test."
    yield f"{comparison.identical_rows} of {comparison.pairs} pairs of rows are the same bit for bit, ignoring seconds."
    if follows := [name for name in FOLLOWING if any(f"{name}=" in group.first for group in groups)]:
        yield f"Partners may differ in {listing(follows)}."
    if bad := sum(group.verdict == "not finite" for group in groups):
        yield f"! {bad} groups hold figures that are not finite: they have no mean."
    if comparison.without:
        yield f"! {comparison.without} pairs left out: one of the two failed or has no such figure."
    yield from left_over(comparison)


def few_seeds(comparison: Comparison) -> Iterator[str]:
    """What the tests cannot do with so few seeds."""
    tested = [group for group in comparison.groups if group.p_holm is not None]
    if not tested:
        return
    least, most = (kind(group.seeds for group in tested) for kind in (min, max))
    if comparison.test == "t" and 1 < least < CHECKABLE:
        yield f"t takes the differences to be normal, which {least} seeds cannot check."
    if least_p(most) * len(tested) > LEVEL:
        over = "" if len(tested) == 1 else f" over {len(tested)} groups"
        yield (
            f"With {most} {'seed' if most == 1 else 'seeds'} the exact sign-flip test gives no p below "
            f"{least_p(most):.3g}, and can show nothing at {LEVEL:g}{over}: that takes {pairs_needed(len(tested))} "
            "seeds."
        )
    if comparison.test == "t" and (equal := [group for group in tested if group.p_t is None and group.difference]):
        yield (
            f"=: all differences are equal in {len(equal)} {'group' if len(equal) == 1 else 'groups'}, t has no spread "
            "to judge by; p is the sign-flip test's."
        )


def left_over(comparison: Comparison) -> Iterator[str]:
    """The cells without a partner, counted and named."""
    for side, letter in enumerate("AB"):
        cells = [one for one in comparison.pairing.unpaired if one.side == side]
        if not cells:
            continue
        count = sum(len(one.seeds) for one in cells)
        yield f"! {count} {'cell' if count == 1 else 'cells'} of {letter} without a partner:"
        every = [one.settings for one in comparison.pairing.unpaired]
        every += [side for group in comparison.pairing.groups for side in (group.first, group.second)]
        varying = [name for name in cells[0].settings if len({one[name] for one in every}) > 1]
        for one in cells[:NAMED]:
            words = " ".join(f"{name}={written(one.settings[name])}" for name in varying)
            yield printable(f"  {words} seed={','.join(map(str, one.seeds))}")
        if len(cells) > NAMED:
            yield f"  and {sum(len(one.seeds) for one in cells[NAMED:])} more"


def _setting(group: Difference, name: str) -> Any:
    return group.other if name == "other" else group.settings[name]


def _telling(name: str, value: Any) -> bool:
    """Whether a setting that is the same throughout is worth a word: a main one, or one away from its default."""
    if name not in BY_COLUMN or name in FIRST:
        return True
    return bool(value != Cell.__dataclass_fields__[BY_COLUMN[name].name].default)


def _table(groups: Sequence[Difference], rows: Sequence[str], wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in rows:
        table.add_column(name, justify="right" if name == "q" else "left", no_wrap=True)
    for name in ("A", "B", "A - B", "p"):
        table.add_column(name, justify="right", no_wrap=True)
    if several := len({group.seeds for group in groups}) > 1:
        table.add_column("seeds", justify="right")
    table.add_column("A is")
    for group in groups:
        figures = [_figure(group.mean_first, group.metric), _figure(group.mean_second, group.metric)]
        equal = "=" if group.p_t is None and group.difference and group.p_holm is not None and group.seeds > 1 else ""
        table.add_row(
            *(Text(printable(written(_setting(group, name)))) for name in rows),
            *figures,
            _difference(group, wide),
            "-" if group.p_holm is None else f"{group.p_holm:.2g}{equal}",
            *([str(group.seeds)] if several else []),
            Text(group.verdict, style=STYLES.get(group.verdict, "")),
        )
    return table


def _follows(name: str, groups: Sequence[Difference]) -> bool:
    """Whether a setting is told by the scheme."""
    schemes = {_setting(group, "scheme") for group in groups}
    return len({(_setting(group, "scheme"), _setting(group, name)) for group in groups}) == len(schemes)


def _unit(metric: str) -> str:
    return f"{metric} %" if metric == "top1" else metric


def _difference(group: Difference, wide: bool) -> str:
    if group.difference is None:
        return "-"
    mean = _figure(group.difference, group.metric, "+")
    if group.low is None or group.high is None or group.p_holm is None:
        return mean
    low, high = (_figure(end, group.metric, "+") for end in (group.low, group.high))
    if group.ranged:
        return f"{mean} ({low} to {high})"
    cut = METRICS[group.metric].share and (group.low <= -1 or group.high >= 1)
    return (
        f"{mean} [{low}, {high}]"
        if wide or cut
        else f"{mean} ±{_figure((group.high - group.low) / 2, group.metric):>5}"
    )


def _figure(value: float, metric: str, sign: str = "") -> str:
    return f"{100 * value:{sign}.1f}" if metric == "top1" else f"{value:{sign}.3g}"
