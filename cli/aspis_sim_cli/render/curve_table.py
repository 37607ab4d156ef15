"""One run's curve as a table."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.run.curve import Point
from aspis_sim.run.train import Result, row


def curve_view(result: Result, points: Sequence[Point]) -> RenderableType:
    """The curve of a run under its title, with a line that sums it up."""
    cell, summed = result.cell, row(result.cell, result)
    strength = "" if summed.strength is None else f" {summed.strength:g}"
    title = (
        f"{cell.scheme}: q={cell.q} of K={cell.workers}, r={cell.redundancy}, attack {cell.attack_label}, "
        f"payload {cell.payload}{strength}, lr {cell.lr:g}, seed {cell.seed}"
    )
    table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("step", "train loss", "test loss", "top-1 %", "distorted", "lost", "out b/h", "outcome"):
        table.add_column(heading, justify="left" if heading == "outcome" else "right", no_wrap=heading == "outcome")
    for point in points:
        table.add_row(
            str(point.step),
            f"{point.train_loss:.4f}",
            f"{point.loss:.4f}",
            "-" if point.top1 is None else f"{100 * point.top1:.1f}",
            f"{point.distorted:g}",
            f"{point.lost:g}",
            f"{point.excluded_byzantine:.2g}/{point.excluded_honest:.2g}",
            point.outcome,
            style="red" if point.excluded_honest else None,
        )
    note = (
        f"Final {_quality(result)}; distortion fraction {summed.distortion_measured:.4f} measured, "
        f"{summed.distortion_theory:.4f} published; {summed.files} files of {cell.samples_a_file} samples; "
        f"{summed.samples_processed:,} sample gradients computed in {result.seconds:.2f} s. "
        "out b/h: Byzantine and honest workers excluded."
    )
    return Group(table, Text(note))


def _quality(result: Result) -> str:
    top1, loss = result.test
    return f"loss {loss:.6g}" if top1 is None else f"top-1 {100 * top1:.1f}%"
