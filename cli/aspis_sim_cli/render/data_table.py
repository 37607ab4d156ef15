"""Data sets as tables: which are here, and what reading them came to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.data.status import Status, unpublished

WIDE = 100
"""Columns from which there is room for the beginning of a sum."""


def status_view(found: Sequence[Status], folders: Sequence[Path]) -> RenderableType:
    """Every data set with its state, and below what to do about those that are not there.

    Args:
        found: one or more.
        folders: that were looked into, in order.
    """
    table = _table()
    table.add_column("data set", style="cyan", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("where", overflow="fold")
    for one in found:
        size = f"{one.bytes / 1e6:,.1f}" if one.bytes else ""
        table.add_row(Text(one.dataset), Text(one.state), Text(size), Text(one.folder))
    lines = [f"Looked into: {', '.join(map(str, folders))}"]
    lines += [f"{one.dataset} lacks {one.missing.replace(' ', ', ')}: {one.remedy}." for one in found if one.missing]
    return Group(table, *(Text(line) for line in lines))


def verify_view(checks: Sequence[Mapping[str, Any]], width: int) -> RenderableType:
    """What each data set holds, or that it is missing or damaged; then which are not as published.

    Args:
        checks: ``dataset, state, train, validation, test, shape, classes, sha256``; one or more.
        width: of the terminal, in columns; where it is below `WIDE`, sums are left out.
    """
    table = _table()
    table.add_column("data set", style="cyan", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for title in ("train", "val.", "test", "sample", "classes"):
        table.add_column(title, justify="right", no_wrap=True)
    if width >= WIDE:
        table.add_column("SHA-256", no_wrap=True)
    for check in checks:
        numbers = ["" if check[part] is None else f"{check[part]:,}" for part in ("train", "validation", "test")]
        classes = "" if check["classes"] is None else str(check["classes"])
        cells = [check["dataset"], check["state"], *numbers, check["shape"], classes, check["sha256"][:16]]
        table.add_row(*(Text(cell) for cell in cells[: len(table.columns)]))
    said = (unpublished(check["dataset"], check["sha256"]) for check in checks if check["sha256"])
    return Group(table, *(Text(one) for one in said if one))


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, title_justify="left", title_style="bold")
