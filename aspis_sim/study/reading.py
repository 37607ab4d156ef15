"""Runs as they are read back, from a study or a sweep's CSV, each with the settings that it ran under."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from aspis_sim.errors import DataError, InputError
from aspis_sim.registry import unknown_name
from aspis_sim.run.row import COLUMNS, Row

SETTINGS = (
    "scheme", "assignment", "workers", "redundancy", "q", "attack", "payload", "strength", "rule", "dataset", "model",
    "protocol", "samples_per_file", "steps", "lr",
)  # fmt: skip
"""Columns that say what ran, seed apart; the others follow from these or are results."""
STATUSES = ("ok", "diverged", "failed")
"""What a status begins with."""
Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """A cell that has run.

    Attributes:
        settings: what ran, seed apart; None stands where a setting has no meaning.
        row: what came out.
    """

    settings: Settings
    row: Row


def run_of(row: Row, more: Settings | None = None) -> Run:
    """A row with its settings, and with more that no column holds; on the baseline the redundancy is None."""
    settings = {name: getattr(row, name) for name in SETTINGS} | dict(more or {})
    return Run(settings | ({"redundancy": None} if row.assignment == "baseline" else {}), row)


def read_runs(path: Path) -> list[Run]:
    """The runs of a study's folder or of a sweep's CSV.

    Raises:
        DataError: nothing is there, or it is damaged.
    """
    return _read_study(path) if path.is_dir() else [run_of(row) for row in read_csv(path)]


def _read_study(folder: Path) -> list[Run]:
    """The cells of a study's tables, with every field of their specification and where they came from."""
    from aspis_sim.spec.cell import Cell
    from aspis_sim.study import Store

    more = [field.name for field in fields(Cell) if field.name not in (*SETTINGS, "seed", "framed")]
    runs = []
    with Store.open(folder) as store:
        for record in store.records():
            cell = store.cell(record.key)
            origin = {"code": record.origin.code[:12], "data": record.origin.data[:12]}
            runs.append(run_of(record.row, {name: getattr(cell, name) for name in more} | origin))
    if not runs:
        raise DataError(f"the study {folder} has no finished cells yet")
    return runs


def read_csv(path: Path) -> list[Row]:
    """The rows of a sweep's CSV; columns that a sweep does not write are left out.

    Raises:
        DataError: nothing is there, or it is no such CSV; the line and the column are named.
    """
    rows = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file, strict=True)
            if missing := [name for name in COLUMNS if name not in (lines.fieldnames or ())]:
                raise DataError(f"{path} is no sweep's CSV: it has no column {', '.join(missing[:3])}")
            for line in lines:
                try:
                    rows.append(Row(**{name: _value(name, line[name]) for name in COLUMNS}))
                except ValueError as error:
                    raise DataError(f"{path}, line {lines.line_num}: {error}") from None
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; give a study's folder or a sweep's CSV") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read as a sweep's CSV: {getattr(error, 'strerror', None) or error}"
        ) from None
    if not rows:
        raise DataError(f"{path} holds no rows")
    return rows


def _kind(hint: Any) -> tuple[type, bool]:
    """What a column holds, and whether it may be empty."""
    kinds = get_args(hint) or (hint,)
    return next((kind for kind in (int, float) if kind in kinds), str), type(None) in kinds


KINDS = {name: _kind(hint) for name, hint in get_type_hints(Row).items()}


def _value(name: str, text: str | None) -> Any:
    kind, optional = KINDS[name]
    if text is None:
        raise ValueError(f"the line ends before the column {name}")
    if not text and optional:
        return None
    if name == "status" and text.partition(":")[0] not in STATUSES:
        raise ValueError(f"status is {text!r}, which is none of {', '.join(STATUSES)}")
    try:
        return kind(text)
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        raise ValueError(f"{name} is {text!r}, which is not {wanted}") from None


def having(runs: Sequence[Run], name: str, values: Iterable[str]) -> list[Run]:
    """The runs in which a setting has one of these values, as they are written.

    Raises:
        InputError: no such setting, or a value that no run has (the nearest is named).
    """
    known = {each for run in runs for each in run.settings}
    if name not in known:
        raise unknown_name("setting", name, known)
    present = {written(run.settings.get(name)) for run in runs}
    wanted = {_as_number(value) for value in values}
    for value in sorted(wanted - present):
        raise unknown_name(f"value of {name},", value, present)
    return [run for run in runs if written(run.settings.get(name)) in wanted]


def split(runs: Sequence[Run], name: str, values: Sequence[str]) -> tuple[list[Run], list[Run]]:
    """The runs in which a setting has the first of two values, and those in which it has the second.

    Raises:
        InputError: no such setting, not two values, or one that no run has.
    """
    if len(values) != 2:
        raise InputError(f"{name}={','.join(values)}: two different values are compared, as in scheme=aspis,median")
    return having(runs, name, values[:1]), having(runs, name, values[1:])


def written(value: Any) -> str:
    """A setting as it is shown and asked for; nothing in it that moves a terminal's cursor."""
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return "".join(one if one.isprintable() else "?" for one in text)


def _as_number(text: str) -> str:
    """A number as `written` shows it, so that 0.10 is 0.1; other text as it is."""
    try:
        return written(float(text))
    except ValueError:
        return text
