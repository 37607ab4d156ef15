"""Published training results with ours beside them: a row a series, then what is assumed, then the verdict."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.data.status import unpublished
from aspis_sim.reproduction.comparison import BAND, Comparison, Verdict, conclusion
from aspis_sim.reproduction.preset import Preset
from aspis_sim.reproduction.regression import DIGITS, TOLERANCE, Loss

STYLES = {Verdict.WITHIN: "green", Verdict.OUTSIDE: "bold red", Verdict.FAILED: "bold red"}


def comparison_view(preset: Preset, comparisons: Sequence[Comparison], as_published: bool) -> RenderableType:
    """A figure's table with its notes and its verdict."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("series", no_wrap=True)
    for whose in ("published", "ours"):
        table.add_column(f"{whose}\nfirst best last", justify="right", no_wrap=True)
    if as_published:  # of other data, the difference in points would say nothing
        table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for one in comparisons:
        verdict = Text(one.verdict, style=STYLES.get(Verdict(one.verdict), ""))
        table.add_row(
            Text(one.series),
            _three(one.published_first, one.published_best, one.published_final),
            _three(one.first, one.best, one.final),
            *(["-" if one.difference is None else f"{one.difference:+.1f}"] if as_published else []),
            verdict,
        )
    first = comparisons[0]
    title = f"Figure {preset.figure}: {preset.title}\nours: {first.dataset}, {first.model}"
    said = unpublished(first.dataset)
    lines = (*notes(comparisons), *([f"! {said}"] if said else []), "", *conclusion(comparisons, as_published))
    return Group(Text(title, style="bold"), table, *(Text(line) for line in lines))


def notes(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """How to read the table, and what had to be assumed."""
    seeds = ", ".join(dict.fromkeys(seed for one in comparisons for seed in one.seeds.split()))
    yield (
        f"top-1 % at the first checkpoint, the highest, and at the end; ours: mean over the seeds {seeds or '-'}. "
        f"Verdict: whether the last one is within {BAND:g} points of the published one."
    )
    told: dict[str, list[str]] = {}
    for one in comparisons:
        schedule = "" if one.schedule == "constant" else f" {one.schedule}"
        told.setdefault(f"{one.lr:g}{schedule} ({one.rate or 'given'})", []).append(one.series)
    for what, series in told.items():
        yield f"Rate {what}: {'; '.join(series)}."
    assumed: dict[str, list[str]] = {}
    for one in comparisons:
        if one.note:
            assumed.setdefault(one.note, []).append(one.series)
    for what, series in assumed.items():
        yield f"{'; '.join(series)}: {what}."


def regression_view(runs: Sequence[Sequence[Loss]]) -> RenderableType:
    """The runs of the linear regression: first and last loss, and the largest difference over all steps."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    table.add_column("run", no_wrap=True)
    for head in ("published\nlast loss", "ours\nlast loss", "largest\nerror"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict")
    for run in runs:
        last = run[-1]
        same = all(loss.agrees for loss in run)
        table.add_row(
            f"{last.scheme} {last.attack} {last.payload} q={last.q}",
            f"{last.published:.{DIGITS}g}",
            f"{last.ours:.{DIGITS}g}",
            f"{max(loss.difference for loss in run):.1e}",
            Text("same" if same else "differs", style="green" if same else "bold red"),
        )
    agreeing = sum(all(loss.agrees for loss in run) for run in runs)
    return Group(
        Text("Linear regression: the authors' losses and ours, float64", style="bold"),
        table,
        Text(
            f"{agreeing} of {len(runs)} runs are the same: the losses after all {sum(map(len, runs))} steps within "
            f"{TOLERANCE:g} relative, ours written with {DIGITS} digits as the published ones are."
        ),
    )


def _three(*values: float | None) -> str:
    return " ".join("-".rjust(4) if value is None else f"{value:4.1f}" for value in values)
