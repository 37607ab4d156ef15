"""A study as its figures see it: the rows, what is known of single runs, and what made them."""

import csv
import difflib
import io
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from aspis_sim.errors import DataError, InputError
from aspis_sim.run.row import COLUMNS, Row, untamed
from aspis_sim.study import StoredTrace


def _untraced(index: int) -> StoredTrace | None:
    return None


@dataclass(frozen=True, eq=False)
class StudyData:
    """What a report is made from.

    Attributes:
        name: shown as the title.
        rows: of all cells, in the order of the study.
        timeline: from a row's index to its run over the steps, None where that is not known.
        traced: whether any timeline is known.
        settings: of each row, names and values of what its columns do not hold; empty if that is not known.
        commands: that asked for the cells, oldest first; empty if not known.
        made_by: versions, devices and hosts -> the values met and in how many cells.
        origins: versions of the code or the data that the rows come from, as far as is known.
    """

    name: str
    rows: tuple[Row, ...]
    timeline: Callable[[int], StoredTrace | None] = _untraced
    traced: bool = False
    settings: tuple[tuple[tuple[str, str], ...], ...] = ()
    commands: tuple[str, ...] = ()
    made_by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    origins: int = 1


def from_csv(path: Path) -> StudyData:
    """Read a sweep's CSV file, which has no traces.

    Raises:
        InputError: there is nothing at ``path``, or no cell in it.
        DataError: what is there is no sweep's CSV; says where it is wrong.
    """
    if not path.exists():
        raise InputError(f"there is no study at {path}; name a study's folder or the CSV file of a sweep")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    found = rows_of(text, str(path))
    if not found:
        raise InputError(f"{path} has no cells yet: only the names of the columns")
    return StudyData(path.stem, found)


def rows_of(text: str, source: str) -> tuple[Row, ...]:
    """Rows from the text of a sweep's CSV; columns that a row does not have are left aside.

    Args:
        text: with a header.
        source: what messages call it.

    Raises:
        DataError: a column is missing, a line is too short or a field is not of its column's type.
    """
    lines = csv.reader(io.StringIO(text))
    try:
        header = next(lines, [])
        if missing := [name for name in COLUMNS if name not in header]:
            near = difflib.get_close_matches(missing[0], header, n=1, cutoff=0.6)
            hint = f" (there is a column {near[0]!r})" if near else ""
            raise DataError(
                f"{source} is not the CSV file of a sweep: the column {missing[0]} is missing{hint}; "
                f"{len(COLUMNS) - len(missing)} of {len(COLUMNS)} columns are there"
            )
        spots = [header.index(name) for name in COLUMNS]
        readers = [_READERS[name] for name in COLUMNS]
        found = []
        for fields_ in lines:
            if len(fields_) < len(header):
                raise DataError(f"{source}, line {lines.line_num}: {len(fields_)} fields where {len(header)} should be")
            try:
                found.append(Row(*(value(fields_[spot]) for value, spot in zip(readers, spots, strict=True))))
            except ValueError:
                raise _bad_field(source, lines.line_num, fields_, spots) from None
    except csv.Error as error:
        raise DataError(f"{source}, line {lines.line_num}: {error}") from None
    return tuple(found)


def _bad_field(source: str, line: int, given: list[str], spots: list[int]) -> DataError:
    for name, spot in zip(COLUMNS, spots, strict=True):
        try:
            _READERS[name](given[spot])
        except ValueError:
            return DataError(f"{source}, line {line}: {given[spot][:40]!r} is no value of {name}")
    return DataError(f"{source}, line {line}: not a row")


def _reader(kind: Any) -> Callable[[str], Any]:
    """From the text of a field to a value of the type, None for an empty one where the type has it."""
    if isinstance(kind, types.UnionType):
        (inner,) = (one for one in get_args(kind) if one is not type(None))
        return lambda text: None if text == "" else inner(text)
    return untamed if kind is str else kind


_READERS = {one.name: _reader(get_type_hints(Row)[one.name]) for one in fields(Row)}
