"""A study as a file for others: rows as CSV, JSON or Parquet, tables as LaTeX or Markdown."""

import importlib.util
import io
from collections.abc import Callable, Sequence
from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_type_hints

from aspis_sim.analysis.sheets import sheets_of
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.report.study import StudyData
from aspis_sim.report.text_tables import latex, markdown
from aspis_sim.run.row import Row, as_csv, as_json

TEXTS: dict[str, Callable[[StudyData], str]] = {
    "csv": lambda study: as_csv(study.rows),
    "json": lambda study: as_json(study.rows),
    "latex": lambda study: latex(sheets_of(study.rows, study.settings)),
    "markdown": lambda study: markdown(sheets_of(study.rows, study.settings)),
}
FORMATS = (*TEXTS, "parquet")
ROWS = ("csv", "json", "parquet")
"""Formats that hold the rows as they are."""
ENDINGS = {".csv": "csv", ".json": "json", ".tex": "latex", ".md": "markdown", ".parquet": "parquet"}


def check_format(name: str) -> None:
    """Refuse a format that cannot be written, before anything is read.

    Raises:
        InputError: unknown (the nearest is named), or its library is not installed.
    """
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise InputError("Parquet needs pyarrow; install it with: pip install 'aspis-sim[parquet]'")


def exported(study: StudyData, name: str) -> bytes:
    """The study in a format of `FORMATS`; texts are UTF-8.

    Raises:
        InputError: as `check_format`.
    """
    check_format(name)
    return _parquet(study.rows) if name == "parquet" else TEXTS[name](study).encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    """One column for each field of a row, null where there is no value; equal rows give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    hints = get_type_hints(Row)
    names = [field.name for field in fields(Row)]
    schema = pa.schema([pa.field(name, kinds[_plain_type(hints[name])]) for name in names])
    columns = [pa.array([getattr(row, name) for row in rows], type=schema.field(name).type) for name in names]
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), sink)
    return sink.getvalue()


def _plain_type(kind: Any) -> type:
    """``float`` of ``float | None``."""
    found: type = next(one for one in get_args(kind) if one is not type(None)) if isinstance(kind, UnionType) else kind
    return found
