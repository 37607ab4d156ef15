"""Printing a benchmark's rows."""

import csv
import sys
from typing import Any


def print_csv(rows: list[dict[str, Any]]) -> None:
    """Rows as CSV on stdout; a column that only some have is empty in the others."""
    writer = csv.DictWriter(
        sys.stdout, list(dict.fromkeys(column for row in rows for column in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
