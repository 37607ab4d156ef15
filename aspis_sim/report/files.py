"""A study as a file for others: rows as CSV, JSON or Parquet, tables as LaTeX or Markdown."""

import io
from collections.abc import Callable, Sequence
from typing import Any

from aspis_sim.analysis.tables import tables_of
from aspis_sim.records import as_csv, as_json
from aspis_sim.registry import unknown_name
from aspis_sim.report.libraries import check_library
from aspis_sim.report.source import Source
from aspis_sim.report.text_tables import escape_latex, escape_markdown, latex, markdown
from aspis_sim.run.row import COLUMNS, Row

TEXTS: dict[str, Callable[[Source], str]] = {
    "csv": lambda source: as_csv(source.rows, tuple(COLUMNS)),
    "json": lambda source: as_json(source.rows),
    "latex": lambda source: latex(tables_of(source.rows)) + "".join(map(_latex_note, source.unpublished)),
    "markdown": lambda source: "\n".join([markdown(tables_of(source.rows)), *map(_markdown_note, source.unpublished)]),
}
FORMATS = (*TEXTS, "parquet")
ROWS = ("csv", "json", "parquet")
"""Formats that hold the rows as they are."""
ENDINGS = {".csv": "csv", ".json": "json", ".tex": "latex", ".md": "markdown", ".parquet": "parquet"}


def _latex_note(text: str) -> str:
    return f"\n\\noindent {escape_latex(text)}\n"


def _markdown_note(text: str) -> str:
    return f"{escape_markdown(text)}\n"


def check_format(name: str) -> None:
    """Refuse a format that cannot be written, before anything is read.

    Raises:
        InputError: unknown (the nearest is named), or its library is not installed.
    """
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    if name == "parquet":
        check_library("parquet")


def exported(source: Source, name: str) -> bytes:
    """The study in a format of `FORMATS`; texts are UTF-8.

    Raises:
        InputError: as `check_format`.
    """
    check_format(name)
    return _parquet(source.rows) if name == "parquet" else TEXTS[name](source).encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    """One column for each column of a row, null where there is no value; equal rows give equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    words = {name for name, one in COLUMNS.items() if one.setting is not None and one.setting.kind.has_words}
    schema = pa.schema([pa.field(name, kinds[str if name in words else one.type]) for name, one in COLUMNS.items()])

    def value(row: Row, name: str) -> Any:
        return str(row[name]) if name in words and row[name] is not None else row[name]

    for name, one in COLUMNS.items():  # seeds have 64 bits
        if one.type is int and name not in words and any((value(row, name) or 0) >= 2**63 for row in rows):
            place = schema.get_field_index(name)
            schema = schema.set(place, pa.field(name, pa.uint64()))
    columns = [pa.array([value(row, name) for row in rows], type=schema.field(name).type) for name in COLUMNS]
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), sink)
    return sink.getvalue()
