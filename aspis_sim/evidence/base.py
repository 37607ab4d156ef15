"""What every length of memory is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jax import Array

Fresh = Callable[["Array | int"], "Array | bool"]
"""``fresh(step)``: whether the server forgets, before this step (0 is the first), all that it has seen."""
