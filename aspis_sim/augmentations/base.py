"""What every augmentation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jax import Array


@dataclass(frozen=True)
class AugmentationTraits:
    """What an augmentation does, apart from how.

    Attributes:
        changes: whether samples come out otherwise than they went in.
    """

    changes: bool = True


Augmentation = Callable[["Array", "Array"], "Array"]
"""``augment(key, sample)``: a sample of the same shape and type, drawn with the key; refuses samples that it cannot
change with an `InputError` while it is traced. Samples are as the data set holds them, before they are scaled."""
