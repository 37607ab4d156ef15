"""What every rule is: a pure function from the rows that reach the server to one vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jax import Array


@dataclass(frozen=True)
class Rule:
    """A rule ``(n, d) -> (d,)`` with what the simulator must know about it.

    Attributes:
        function: ``function(values, kept)`` with ``values`` float ``[n, d]`` and ``kept`` bool ``[n]`` or None
            (all rows). A row that is not kept is as if absent. Pure, traceable, keeps the dtype.
        coordinatewise: the value at a coordinate depends on that column alone, so that a device may apply the
            rule to its own slice of the parameters.
        takes_kept: whether ``kept`` may be given; a rule without it raises `InputError` when it is.
    """

    function: Callable[[Array, Array | None], Array]
    coordinatewise: bool = False
    takes_kept: bool = False

    def __call__(self, values: Array, kept: Array | None = None) -> Array:
        """Apply the rule to float ``[n, d]`` rows; returns ``[d]``."""
        return self.function(values, kept)
