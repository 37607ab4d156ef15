"""One run's curve as a table."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.analysis.labels import overrides_of
from aspis_sim.data.status import unpublished
from aspis_sim.run.curve import Point
from aspis_sim.run.figures.columns import DIVERGED
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.train import Result

HEADINGS = (
    "step",
    "train\nloss",
    "test\nloss",
    "top-1\n%",
    "distorted\nfiles",
    "lost\nfiles",
    "excluded\nbyz/honest",
    "outcome",
)


def curve_view(result: Result, points: Sequence[Point]) -> RenderableType:
    """The curve of a run under its title, with a line that sums it up."""
    row = row_of(resolve(result.cell), result)
    strength = "" if row.strength is None else f" {row.strength:g}"
    title = (
        f"{row.scheme}: q={row.q} of K={row.workers}, r={row.redundancy}, attack {row.attack}, "
        f"payload {row.payload}{strength}, {row.dataset}, {row.model}, lr {row.lr:g}, seed {row.seed}"
    )
    title = ", ".join((title, *overrides_of(row)))
    table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.collapse_padding = True
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "outcome" else "right", overflow="fold")
    metrics = dict(result.metrics)
    for name in result.metrics[0][1] if metrics else ():
        table.add_column(name, justify="right")
    for point in points:
        table.add_row(
            str(point.step),
            _loss(point.train_loss),
            _loss(point.loss),
            "-" if point.top1 is None else f"{100 * point.top1:.1f}",
            f"{point.distorted:g}",
            f"{point.lost:g}",
            f"{point.excluded_byzantine:.2g}/{point.excluded_honest:.2g}",
            point.outcome,
            *(f"{value:.4g}" for value in metrics.get(point.step, {}).values()),
            style="red" if point.excluded_honest else None,
        )
    published = "" if row.distortion_theory is None else f", {row.distortion_theory:.4f} published"
    note = (
        f"Final {_quality(result)}; distortion fraction {row.distortion_measured:.4f} measured"
        f"{published}; {row.files} files of {row.samples_per_file} samples; "
        f"{row.samples_processed:,} sample gradients computed in {result.seconds:.2f} s. "
        "byz/honest: Byzantine and honest workers." + (f" Diverged: {DIVERGED}." if row.status == "diverged" else "")
    )
    return Group(table, Text(note), *([Text(f"! {said}")] if (said := unpublished(row.dataset)) else []))


def _quality(result: Result) -> str:
    assert result.test is not None
    top1, loss = result.test
    return f"loss {loss:.6g}" if top1 is None else f"top-1 {100 * top1:.1f}%"


def _loss(value: float) -> str:
    """With four decimals where they fit, else with four digits."""
    return f"{value:.4f}" if abs(value) < 10_000 else f"{value:.4g}"
