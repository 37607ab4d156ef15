"""A cell from its row in a sweep's CSV, as far as the columns tell."""

from dataclasses import fields

from aspis_sim.errors import InputError
from aspis_sim.run.row import COLUMNS, Row
from aspis_sim.run.train import row as row_of
from aspis_sim.schemes import scheme
from aspis_sim.spec.cell import Cell, Framed

UNSAID = tuple(field.name for field in fields(Cell) if field.name not in (*COLUMNS, "framed"))
"""Fields of a cell that no column holds: those of the scheme, or the defaults, are taken."""
IMPLIED = (
    "files", "load", "attack", "strength", "samples_per_file", "batch_size", "distortion_theory", "samples_processed",
)  # fmt: skip
"""Columns that follow from the others, and so tell when a cell was rebuilt wrongly."""


def rebuilt(row: Row) -> Cell:
    """The cell that left this row, if it ran with the defaults of all that no column holds (`UNSAID`).

    Raises:
        InputError: a name that is not registered, a setting that cannot be, or columns that contradict one another.
        DataError: the data set is missing or damaged.
    """
    if row.samples_per_file is None:
        raise InputError("the columns do not tell what ran: samples_per_file is empty")
    preset = scheme(row.scheme)
    attack, _, framed = row.attack.partition(":")
    cell = Cell(
        scheme=row.scheme,
        assignment=row.assignment,
        detector=preset.detector,
        rule=row.rule,
        workers=row.workers,
        redundancy=row.redundancy,
        q=row.q,
        attack=attack,
        framed=_framed(framed, row),
        payload=row.payload,
        strength=row.strength,
        after_detection=preset.after_detection,
        coding=preset.coding,
        permute=preset.permute,
        dataset=row.dataset,
        model=row.model,
        protocol=row.protocol,  # type: ignore[arg-type]
        samples_per_file=row.samples_per_file,
        steps=row.steps,
        lr=row.lr,
        momentum=0.0 if row.dataset.partition(":")[0] == "linear-regression" else Cell.momentum,
        seed=row.seed,
    )
    cell.check()
    cell.check_parts()
    again = row_of(cell, None)
    for name in IMPLIED:
        stored, here = getattr(row, name), getattr(again, name)
        if stored != here:
            raise InputError(
                f"the columns do not tell what ran: {name} is {stored}, but with the other columns and the defaults of "
                f"scheme {row.scheme} it is {here}; verify the study's folder"
            )
    return cell


def _framed(text: str, row: Row) -> Framed:
    if text in ("", "auto"):
        return "auto" if text else None
    try:
        return int(text)
    except ValueError:
        raise InputError(f"attack {row.attack}: {text!r} is no number of framed workers") from None
