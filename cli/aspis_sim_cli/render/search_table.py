"""A search for learning rates as a table: a row a series, a column a pair, the chosen one marked; and its cost."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.reproduction.preset import Preset
from aspis_sim.reproduction.rate_search import Try


def search_view(preset: Preset, found: Sequence[Try]) -> RenderableType:
    """The table, how to read it, and what it took."""
    pairs = list(dict.fromkeys((one.x, one.y) for one in found))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("series", no_wrap=True)
    for x, y in pairs:
        table.add_column(f"{x:g}\n{y:g}", justify="right")
    tried = {(one.series, one.x, one.y): one for one in found}
    for label in dict.fromkeys(one.series for one in found):
        table.add_row(Text(label), *(_cell(tried.get((label, *pair))) for pair in pairs))
    first = found[0]
    steps = sorted({one.steps for one in found})
    span = f"{steps[0]} steps" if len(steps) == 1 else f"{steps[0]} to {steps[-1]} steps"
    return Group(
        Text(f"Learning rates x·y^floor(t/z) for {preset.name}", style="bold"),
        table,
        Text(
            f"top-1 % on validation data after {first.epochs:g} epochs at most (here {span}; seed {first.seed}), for x "
            "above and y below; "
            "* is chosen."
        ),
        Text(cost_line(found)),
    )


def cost_line(found: Sequence[Try]) -> str:
    """What the search took."""
    samples = sum(one.samples_processed for one in found)
    return (
        f"{len(found)} runs, {sum(one.steps for one in found):,} steps, {samples:,} sample gradients of all workers, "
        f"{sum(one.seconds for one in found):,.0f} seconds of runs."
    )


def _cell(one: Try | None) -> Text:
    if one is None or one.top1 is None:
        return Text("-")
    return Text(f"{one.top1:.1f}{'*' if one.chosen else ''}", style="bold" if one.chosen else "")
