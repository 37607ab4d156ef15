"""What a grid would do, as a table."""

import re
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.gradients.memory_plan import readable
from aspis_sim.run.forecast import Forecast

COLUMNS = ("scheme", "files", "d", "batch", "steps", "tiles", "memory", "compile", "run")


def forecast_view(made: Sequence[Forecast]) -> RenderableType:
    """One row a program, and a line that says what they come to."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    schemes = [re.sub(r" \(|, ", "\n", one.schemes).replace(")", "") for one in made]
    widest = max(len(line) for scheme in schemes for line in scheme.splitlines())
    table.add_column(COLUMNS[0], overflow="fold", min_width=min(widest, 36))
    for column in COLUMNS[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    for scheme, one in zip(schemes, made, strict=True):
        cut = str(one.tiles) + (f"x{one.chunks}" if one.chunks > 1 else "")
        table.add_row(
            Text(scheme),
            f"{one.files:,}",
            f"{one.parameters:,}",
            f"{one.batch_size:,}",
            f"{one.steps:,}",
            cut,
            readable(one.peak_bytes),
            _time(one.compile_seconds),
            _time(one.seconds),
        )
    known = [one.seconds for one in made if one.seconds is not None]
    note = (
        f"{len(made)} programs would be compiled for {sum(one.trainings for one in made)} runs; nothing was run. "
        "d: weights. tiles: of the weights, at least, for the robust rule (x parts in which the files pass through the "
        "model). memory: expected peak of one run on a device. compile and run: as long as they took here the last "
        "time, one run after the other"
        + (f", {_time(sum(known))} in all." if len(known) == len(made) else "; - not known yet.")
    )
    return Group(table, Text(note))


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"
