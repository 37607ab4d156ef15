"""Rows and runs as they are read back: from a study's folder, or from a sweep's CSV."""

import csv
import difflib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf, isnan
from pathlib import Path
from typing import Any

from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.errors import DataError, InputError
from aspis_sim.files import read_text
from aspis_sim.printable import printable
from aspis_sim.records import untamed
from aspis_sim.registry import unknown_name
from aspis_sim.run.row import COLUMNS, FIRST, SETTINGS, Column, Row
from aspis_sim.spec.cell import BY_COLUMN, BY_FLAG, Cell
from aspis_sim.spec.part import parse_part
from aspis_sim.study.records import StoredRun
from aspis_sim.study.study import Study

LARGEST = 10**9
"""Bytes of the largest CSV that is read: some 1.5 million rows."""

LONGEST, LARGEST_NUMBER = 2**64, 1e300
"""Whole numbers are below the one; finite figures are at most the other, so that sums of them are finite, too."""

STATUSES = ("ok", "diverged", "failed")
"""What a status begins with."""

NEEDED = ("attack", "status")
"""Columns besides settings that no row leaves empty."""

FORMERLY = {"after_detection": "average"}
"""Settings of a file without a column for them that were not what the scheme now has by itself: the plain mean followed
every successful detection."""

Settings = Mapping[str, Any]


def read_runs(path: Path) -> list[StoredRun]:
    """The runs of a study's folder or of a sweep's CSV, without cells and traces.

    Raises:
        DataError: nothing is there, or it is damaged.
    """
    if not path.is_dir():
        return [StoredRun(row) for row in read_csv(path)]
    with Study.open(path) as study:
        runs = study.runs()
    if not runs:
        raise DataError(f"the study {path} has no finished cells yet")
    return runs


def settings_of(run: StoredRun) -> dict[str, Any]:
    """What ran, the seed apart: setting -> value, and where it is known the version of the code and of the data.

    Where there are no copies, the redundancy is None: it has no meaning.
    """
    settings = {name: run.row[name] for name in SETTINGS}
    name = parse_part(run.row.assignment).name
    if name in ASSIGNMENTS and not ASSIGNMENTS.traits(name).redundant:
        settings["redundancy"] = None
    if run.origin is not None:
        settings |= {"code": run.origin.code[:12], "data": run.origin.data[:12]}
    return settings


def read_csv(path: Path) -> tuple[Row, ...]:
    """The rows of a sweep's CSV, one or more.

    Columns of settings that it lacks have their defaults, as in files of an earlier version.

    Raises:
        DataError: nothing is there, or it is no such CSV: the line and the column are named; a column is not known
            here, or two rows of equal settings differ in their results.
    """
    try:
        text = read_text(path, LARGEST, "sweep's CSV")
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; give a study's folder or a sweep's CSV") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read as a sweep's CSV: {reason}") from None
    found = rows_of(text, str(path))
    if not found:
        raise DataError(f"{path} holds no rows")
    return found


def rows_of(text: str, source: str) -> tuple[Row, ...]:
    """Rows from the text of a sweep's CSV.

    Args:
        text: with a header.
        source: what messages call it.

    Raises:
        DataError: as `read_csv`.
    """
    lines = csv.reader(io.StringIO(text), strict=True)
    rows, numbers = [], []
    try:
        header = next(lines, [])
        _check_header(header, source)
        readers = [_READERS[name] for name in header]
        blanks: dict[tuple[str, str, str], Row] = {}
        for fields in lines:
            if len(fields) != len(header):
                raise DataError(f"{source}, line {lines.line_num}: {len(fields)} fields where {len(header)} should be")
            try:
                values = {name: read(one) for name, read, one in zip(header, readers, fields, strict=True)}
            except ValueError:
                raise _bad_field(source, lines.line_num, dict(zip(header, fields, strict=True))) from None
            if len(values) < len(COLUMNS):
                kind = (values["scheme"], values["dataset"], values.get("compute", "shared"))
                blank = blanks.setdefault(kind, Row({**values}))
                values = {**dict(blank), **FORMERLY, **_framed(values), **values}
            rows.append(Row(values))
            numbers.append(lines.line_num)
        if header[-1] != "status" and not text.endswith(("\n", "\r")):  # a number that is cut is still a number
            raise DataError(f"{source}, line {lines.line_num}: the line has no end, the file may have been cut off")
    except csv.Error as error:
        raise DataError(f"{source}, line {lines.line_num}: {error}") from None
    _refuse_contradictions(rows, numbers, source)
    return tuple(rows)


def _check_header(header: Sequence[str], source: str) -> None:
    if missing := [name for name in FIRST if name not in header]:
        near = difflib.get_close_matches(missing[0], [name for name in header if name not in FIRST], n=1, cutoff=0.6)
        hint = f" (there is a column {near[0]!r})" if near else ""
        raise DataError(
            f"{source} is no sweep's CSV: it has no column {missing[0]}{hint}; "
            f"{len(FIRST) - len(missing)} of {len(FIRST)} columns are there"
        )
    for name in header:
        if name not in COLUMNS:
            raise DataError(f"{source}: {unknown_name('column', name, COLUMNS)}; a newer aspis-sim may know it")
    if twice := [name for name in COLUMNS if header.count(name) > 1]:
        raise DataError(f"{source}: the column {twice[0]} stands twice")


def _framed(values: Settings) -> dict[str, Any]:
    """The number of framed workers of a file that has no column for it, from the label of the attack."""
    _, colon, told = values["attack"].partition(":")
    return {"framed": int(told) if told.isdigit() else told} if colon and (told == "auto" or told.isdigit()) else {}


def _refuse_contradictions(rows: Sequence[Row], numbers: Sequence[int], source: str) -> None:
    met: dict[tuple[Any, ...], int] = {}
    for place, row in enumerate(rows):
        key = (*(row[name] for name in SETTINGS), row["seed"])
        before = met.setdefault(key, place)
        if before != place and not rows[before].same_numbers(row):
            apart = [name for name in COLUMNS if name != "seconds" and repr(rows[before][name]) != repr(row[name])]
            raise DataError(
                f"{source}, lines {numbers[before]} and {numbers[place]}: two results for one cell ({_said(row)}): "
                f"they differ in {', '.join(apart)}"
            )


def _said(row: Row) -> str:
    return ", ".join(f"{name}={written(row[name])}" for name in ("scheme", "q", "attack", "payload", "lr", "seed"))


def _reader(column: Column) -> Callable[[str], Any]:
    """From the text of a field to a value, None for an empty one where that can be."""
    setting = column.setting if column.value is None else None
    optional = column.name not in NEEDED if setting is None else setting.kind.optional

    def read(text: str) -> Any:
        if text == "":
            if optional:
                return None
            raise ValueError(text)
        if setting is not None and setting.kind.has_words and text in setting.kind.names():
            return text
        value = _of_type(column.type, text)
        if setting is None and column.type is float and LARGEST_NUMBER < abs(value) < inf:
            raise ValueError(text)
        return value

    return read


def _of_type(kind: type, text: str) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    value: Any = untamed(text) if kind is str else kind(text)
    if kind is int and abs(value) >= LONGEST:
        raise ValueError(text)
    return value


def _share(text: str) -> float | None:
    value = None if text == "" else float(text)
    if value is not None and not (0 <= value <= 1 or isnan(value)):
        raise ValueError(text)
    return value


def _status(text: str) -> str:
    if untamed(text).partition(":")[0] not in STATUSES:
        raise ValueError(text)
    return untamed(text)


_READERS = {name: _reader(column) for name, column in COLUMNS.items()} | {"status": _status, "top1": _share}


def _bad_field(source: str, line: int, given: Mapping[str, str]) -> DataError:
    for name, text in given.items():
        try:
            _READERS[name](text)
        except ValueError:
            kind = {int: "a whole number", float: "a number", bool: "True or False"}.get(COLUMNS[name].type)
            wanted = f"none of {', '.join(STATUSES)}" if name == "status" else f"not {kind}" if kind else "no value"
            wanted = "not a number from 0 to 1" if name == "top1" else wanted
            return DataError(f"{source}, line {line}: {name} is {text[:40]!r}, which is {wanted}")
    return DataError(f"{source}, line {line}: not a row")


def cell_of_row(row: Row) -> Cell:
    """The cell that left a row: its settings, as they were used.

    Raises:
        InputError: a setting that the row does not tell, since its plugin was broken.
    """
    settings = {one.name: row[name] for name, one in BY_COLUMN.items()}
    if settings["samples_per_file"] is None:
        raise InputError("the row does not tell what ran: samples_per_file is empty")
    cell = Cell(**settings)
    if cell.framed is not None:
        cell = replace(cell, attack=cell.attack.removesuffix(f":{cell.framed}"))
    return cell


def having(runs: Sequence[StoredRun], name: str, values: Iterable[str]) -> list[StoredRun]:
    """The runs in which a setting has one of these values, as they are written.

    Raises:
        InputError: no such setting, or a value that no run has (the nearest is named).
    """
    known = {each for run in runs for each in settings_of(run)}
    name = name if name in known else BY_FLAG.get(name.replace("_", "-"), name)
    if name not in known:
        raise unknown_name("setting", name, known)
    shown = [written(settings_of(run).get(name)) for run in runs]
    wanted = {as_number(value) for value in values}
    for value in sorted(wanted - set(shown)):
        raise unknown_name(f"value of {name},", value, set(shown))
    return [run for run, value in zip(runs, shown, strict=True) if value in wanted]


def split(runs: Sequence[StoredRun], name: str, values: Sequence[str]) -> tuple[list[StoredRun], list[StoredRun]]:
    """The runs in which a setting has the first of two values, and those in which it has the second.

    Raises:
        InputError: no such setting, not two values, or one that no run has.
    """
    if len(values) != 2:
        raise InputError(f"{name}={','.join(values)}: two different values are compared, as in scheme=aspis,median")
    return having(runs, name, values[:1]), having(runs, name, values[1:])


def written(value: Any) -> str:
    """A setting as it is shown and asked for; nothing in it that moves a terminal's cursor."""
    if isinstance(value, bool):
        return str(value).lower()
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return printable(text)


def as_number(text: str) -> str:
    """A number as `written` shows it, so that 0.10 is 0.1; other text as it is."""
    try:
        return written(float(text))
    except ValueError:
        return text
