"""What every payload is: a pure function from honest gradients to the vector that colluders return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jax import Array


@dataclass(frozen=True)
class Payload:
    """A payload ``(n, d) -> (d,)`` with what the simulator must know about it.

    Attributes:
        function: ``function(rows, key)`` with ``rows`` float ``[n, d]`` of honest gradients and a PRNG key.
        scope: ``"round"``: called once a step with the honest gradients of all files, and every distorted
            copy is that one vector; ``"file"``: called for each file with that file's honest gradient as
            the only row, so that copies of a file are equal but those of different files are not.
            ``"file and mean"``: likewise, with the mean over the round's files as a second row.
            ``"labels"``: the gradient of the file with flipped labels, which the simulator computes itself.
        coordinatewise: the value at a coordinate depends on that column alone.
        reads_rows: whether the lie depends on the rows at all, and not on their width alone.
        largest: from a number that no entry of the rows exceeds in absolute value, to one that no entry of the lie
            exceeds (up to rounding); None if there is none such. With it a lie is known to be finite before it is
            formed.
        counted: ``counted(rows, number, key)`` of a payload to which row i counts ``number[i]`` times, int ``[n]``, the
            copies of file i that honest workers return; None for one to which every file counts once.
    """

    function: Callable[[Array, Array | None], Array]
    scope: Literal["round", "file", "file and mean", "labels"] = "round"
    coordinatewise: bool = True
    reads_rows: bool = True
    largest: Callable[[Array], Array] | None = None
    counted: Callable[[Array, Array, Array | None], Array] | None = None

    def of_copies(self, number: Array) -> Payload:
        """The payload in a round in which honest workers return ``number [f]`` copies of each file."""
        counted = self.counted
        return self if counted is None else replace(self, function=lambda rows, key: counted(rows, number, key))

    def __call__(self, rows: Array, key: Array | None = None) -> Array:
        """Return the lie ``[d]`` for honest ``rows`` ``[n, d]``."""
        return self.function(rows, key)
