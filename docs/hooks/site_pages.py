"""Pages made from the registries, the declarations and the program: nothing of them is written by hand or committed."""

from functools import cache

import part_pages
import reference_pages
from part_kinds import KINDS, Kind

__all__ = ["KINDS", "Kind", "pages"]


@cache
def pages() -> dict[str, str]:
    """Every generated page: its address in the site, and its text."""
    return {**part_pages.pages(), **reference_pages.pages()}
