"""How many samples a file has and how many steps a run takes, where these follow from the other settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any

from aspis_sim import data
from aspis_sim.errors import InputError, PluginError
from aspis_sim.plugin import unless_broken
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.checks import shape_of
from aspis_sim.spec.part import parse_part
from aspis_sim.spec.ranges import LARGEST_WHOLE


def sized(cells: list[Cell], requests: list[dict[str, Any]]) -> list[Cell]:
    """The cells with their samples in a file and their steps."""
    shared = list(cells)
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, (cell, request) in enumerate(zip(cells, requests, strict=True)):
        alike.setdefault((cell.samples_per_file, request["batch_size"]), []).append(place)
    for (_, batch_size), places in alike.items():
        for place, cell in zip(places, _share([cells[place] for place in places], batch_size), strict=True):
            shared[place] = cell
    return [_timed(cell, request["epochs"]) for cell, request in zip(shared, requests, strict=True)]


def _share(cells: list[Cell], batch_size: int | None) -> list[Cell]:
    """Give every scheme its samples in a file under the protocol, at least one unless the batch is too small."""
    protocol, asked = cells[0].protocol, cells[0].samples_per_file
    if protocol == "files":
        return cells
    try:
        shapes = [shape_of(cell) for cell in cells]
    except PluginError as error:
        raise InputError(f"protocol {protocol} shares samples over the files of every scheme, but {error}") from None
    if protocol == "batch":
        batch = batch_size or asked * max(one.files for one in shapes)
        counts = [batch // one.files if batch < one.files else round(batch / one.files) for one in shapes]
    else:
        work = asked * max(one.load for one in shapes)
        counts = [max(1, round(work / one.load)) for one in shapes]
    return [replace(cell, samples_per_file=count) for cell, count in zip(cells, counts, strict=True)]


def _timed(cell: Cell, epochs: float | None) -> Cell:
    if epochs is None:
        return cell
    samples = unless_broken(lambda: training_samples(cell))
    files = unless_broken(lambda: shape_of(cell).files)
    if not samples or not files or cell.samples_per_file < 1:
        return cell  # the cell is refused, or fails when it runs
    batch = samples if dataset_of(cell).full_batch else files * cell.samples_per_file
    steps = ceil(Fraction(str(epochs)) * samples / batch)
    if steps > LARGEST_WHOLE:
        most = LARGEST_WHOLE * batch // samples
        raise InputError(f"{epochs:g} epochs are more than {LARGEST_WHOLE:,} steps; take at most {most:,}")
    return replace(cell, steps=steps)


def dataset_of(cell: Cell) -> data.Dataset:
    """The cell's data set as some run sees it: for shapes and numbers."""
    part = parse_part(cell.dataset)
    return data.as_run(part.name, part.parameters)


def training_samples(cell: Cell) -> int:
    """How many samples there are to train on."""
    return len(dataset_of(cell).labels["train"])


def check_samples(cells: Iterable[Cell]) -> None:
    """Refuse assignments with more files than there are samples.

    Raises:
        InputError: says which, and what would work.
        DataError: the data set is missing or damaged.
    """
    met = {(cell.assignment, cell.workers, cell.redundancy, cell.dataset): cell for cell in cells}
    for cell in met.values():
        files = unless_broken(lambda cell=cell: shape_of(cell).files)  # type: ignore[misc]
        samples = unless_broken(lambda cell=cell: training_samples(cell))  # type: ignore[misc]
        if files is not None and samples is not None and files > samples:
            raise InputError(
                f"fewer samples than files: scheme {cell.scheme} with K={cell.workers}, r={cell.redundancy} has "
                f"{files:,} files, {cell.dataset} has {samples:,} training samples; take fewer workers"
            )
