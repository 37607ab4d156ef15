"""Rows that nobody computed, for questions about what keeps and shows them."""

from typing import Any

from aspis_sim.run.row import Row
from aspis_sim.spec.cell import Cell


def row_of(cell: Cell, files: int, load: int, **figures: Any) -> Row:
    """The row of a cell, with these figures as its results."""
    batch = files * cell.samples_per_file
    return Row(
        scheme=cell.scheme,
        assignment=cell.assignment,
        workers=cell.workers,
        redundancy=cell.redundancy,
        files=files,
        load=load,
        q=cell.q,
        attack=cell.attack_label,
        payload=cell.payload,
        strength=cell.strength,
        rule=cell.rule,
        dataset=cell.dataset,
        model=cell.model,
        protocol=cell.protocol,
        samples_per_file=cell.samples_per_file,
        batch_size=batch,
        steps=cell.steps,
        lr=cell.lr,
        seed=cell.seed,
        samples_processed=cell.redundancy * batch * cell.steps,
        status="ok",
        **figures,
    )
