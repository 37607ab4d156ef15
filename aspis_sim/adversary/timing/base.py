"""What every timing is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jax import Array

Timing = Callable[["Array | int", int, Any], "Array | bool"]
"""``lies(step, steps, exposed)``: bool, whether the Byzantine workers lie in a step.

``step`` is its number (0 is the first), ``steps`` that of the run's steps, and ``exposed``, bool ``[steps]``, says in
which earlier steps the server excluded a worker that was Byzantine then; it is False from this step on. Pure, of arrays
of NumPy or JAX, and compiled with the step: no ``if`` on ``step`` or ``exposed``.
"""


@dataclass(frozen=True)
class TimingTraits:
    """What is known of a timing without building it.

    Attributes:
        every_step: whether they lie in every step whatever happens, as published figures suppose.
    """

    every_step: bool = False
