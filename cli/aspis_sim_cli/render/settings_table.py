"""The options of a command as they were resolved, as a table."""

from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aspis_sim.printable import printable
from aspis_sim_cli.options.config import OptionValue


def settings_view(settings: Sequence[OptionValue]) -> RenderableType:
    """One row an option that has a value, and a line with those that have none."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("option", "value", "from"):
        table.add_column(column, overflow="fold")
    for one in settings:
        if one.value:
            given = "" if one.origin == "default" else "bold"
            table.add_row(
                Text(one.option, given), Text(printable(one.value), given), Text(printable(one.origin), given)
            )
    empty = ", ".join(one.option for one in settings if not one.value)
    return Group(table, Text(f"Unset: {empty}."), Text())
