"""Rows that nobody computed, for questions about what keeps and shows them."""

from typing import Any

from aspis_sim.run.row import Row, settings_of
from aspis_sim.spec.cell import Cell


def row_of(cell: Cell, files: int, load: int, **figures: Any) -> Row:
    """The row of a cell, with these figures as its results; figures that are not given are None."""
    batch = files * cell.samples_per_file
    sizes = {"files": files, "load": load, "batch_size": batch}
    counted = {"samples_processed": cell.redundancy * batch * cell.steps, "status": "ok"}
    return Row({**settings_of(cell), "attack": cell.attack_label, **sizes, **counted, **figures})
