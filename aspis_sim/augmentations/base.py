"""What every augmentation is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jax import Array

Augmentation = Callable[["Array", "Array"], "Array"]
"""``augment(key, sample)``: a sample of the same shape and type, drawn with the key; refuses samples that it cannot
change with an `InputError` while it is traced. Samples are as the data set holds them, before they are scaled."""
