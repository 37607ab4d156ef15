"""A search for learning rates on validation data, as the paper made one: every pair (x, y), a few epochs each.

The rate after t steps is x·y^floor(t/z), z being the steps between two checkpoints of the whole run.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.files import read_text
from aspis_sim.registry import unknown_name
from aspis_sim.reproduction.preset import Planned, Preset, Series, short_runs
from aspis_sim.run.rate import Validation, preference
from aspis_sim.run.resolve import resolve
from aspis_sim.spec.grid import Replicates
from aspis_sim.study.records import StoredRun


@dataclass(frozen=True)
class Try:
    """One pair of a search.

    Attributes:
        series: label of the curve that it is for.
        x, y: the pair.
        epochs: that it was to be trained for.
        steps: that it was trained for.
        seed: of the run.
        top1: on validation data after them, in percent; None if the run failed.
        loss: likewise.
        chosen: whether it is the series' best: the highest top-1, then the lowest loss, then the smallest x.
        samples_processed: sample gradients that all workers computed.
        seconds: of the run.
    """

    series: str
    x: float
    y: float
    epochs: float
    steps: int
    seed: int
    top1: float | None
    loss: float | None
    chosen: bool
    samples_processed: int
    seconds: float


def candidates(preset: Preset, max_steps: int | None = None) -> list[Planned]:
    """A run for every series and pair, with the first seed.

    Raises:
        InputError: the preset says nothing of a search, or something in it does not work.
        DataError: the data set is missing or damaged.
    """
    search = preset.search
    if search is None:
        raise InputError(f"{preset.name} has no search: its rates are chosen as it runs")
    return [
        run
        for series in preset.series
        for y in search.decay
        for x in search.rates
        for run in short_runs(_with_pair(series, x, y), search.epochs, max_steps)
    ]


def tries(preset: Preset, runs: Sequence[Planned], results: Mapping[Replicates, Sequence[StoredRun]]) -> list[Try]:
    """What came of the candidates, the best of each series chosen."""
    assert preset.search is not None
    made = [_try(run, preset.search.epochs, results.get(run.group, ())) for run in runs]
    best: dict[str, Try] = {}
    for one in made:
        if one.top1 is not None:
            best[one.series] = min(best.get(one.series, one), one, key=_preference)
    return [replace(one, chosen=best.get(one.series) is one) for one in made]


def as_toml(found: Sequence[Try], title: str) -> str:
    """The chosen pairs as a file for `with_rates`."""
    lines = [f"# {title}"]
    for one in found:
        if one.chosen:
            lines += ["", f'["{one.series}"]', f"rates = {one.x!r}", f"decay = {one.y!r}"]
            lines.append(f'rate = "searched: {one.top1:.1f}% on validation data after {one.steps} steps"')
    return "\n".join(lines) + "\n"


def with_rates(preset: Preset, path: Path) -> Preset:
    """The preset with the pairs of a file for the series that it names.

    Raises:
        InputError: the file cannot be read, or names a series that is not there or a key that is not understood.
    """
    try:
        tables = tomllib.loads(read_text(path, 10**6, "table of rates"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except InputError:
        raise
    except ValueError as error:
        reason = error if isinstance(error, UnicodeDecodeError | tomllib.TOMLDecodeError) else "a number is too long"
        raise InputError(f"{path} is invalid TOML: {reason}") from None
    except RecursionError:
        raise InputError(f"{path} is invalid TOML: it is nested too deeply") from None
    labels = [series.label for series in preset.series]
    for label, table in tables.items():
        if label not in labels:
            raise InputError(f"{path}: {unknown_name('series', label, labels)}")
        _check(path, label, table)
    changed = [
        series
        if series.label not in tables
        else replace(
            _with_pair(series, tables[series.label]["rates"], tables[series.label]["decay"], series.grid["seed"]),
            rate=tables[series.label].get("rate", f"from {path.name}"),
        )
        for series in preset.series
    ]
    return replace(preset, series=tuple(changed))


def _check(path: Path, label: str, table: Any) -> None:
    if not isinstance(table, dict) or not {"rates", "decay"} <= set(table):
        raise InputError(f'{path}: ["{label}"] needs rates = x and decay = y')
    for key in table:
        if key not in ("rates", "decay", "rate"):
            raise InputError(f"{path}: {unknown_name('key', key, ('rates', 'decay', 'rate'))}")
    for key in ("rates", "decay"):
        if isinstance(table[key], bool) or not isinstance(table[key], int | float):
            raise InputError(f"{path}: {key} of {label} is {table[key]!r}; it is a number")


def _with_pair(series: Series, x: float, y: float, seeds: tuple[int, ...] | None = None) -> Series:
    return replace(series, decay=y, grid=series.grid.replaced(lr=x, seed=seeds or series.grid["seed"][:1]))


def _try(run: Planned, epochs: float, results: Sequence[StoredRun]) -> Try:
    cell = run.group.first
    assert run.series.decay is not None
    stored = results[0] if results else None
    found = stored.validation if stored else None
    return Try(
        series=run.series.label,
        x=cell.lr,
        y=run.series.decay,
        epochs=epochs,
        steps=cell.steps,
        seed=cell.seed,
        top1=None if found is None else round(100 * (found.top1 or 0.0), 3),
        loss=None if found is None else found.loss,
        chosen=False,
        samples_processed=resolve(cell).samples_processed,
        seconds=0.0 if stored is None else stored.row["seconds"],
    )


def _preference(one: Try) -> tuple[float, float, float]:
    return preference(Validation(one.top1, math.inf if one.loss is None else one.loss), one.x)
