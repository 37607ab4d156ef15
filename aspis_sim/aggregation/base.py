"""What every rule is: a pure function from the rows that reach the server to one vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aspis_sim.errors import InputError

if TYPE_CHECKING:
    from jax import Array


@dataclass(frozen=True)
class Tolerance:
    """How many Byzantine rows f a part stands among n, and why not more.

    Attributes:
        byzantine: f, what the part was built for.
        condition: the condition in words of n and f, ``"n > 2f"``.
        least_rows: the least n for a given f.
        reason: what fails with fewer rows.
    """

    byzantine: int
    condition: str
    least_rows: Callable[[int], int]
    reason: str

    def __post_init__(self) -> None:
        if self.byzantine < 0:
            raise InputError(f"f must be 0 or more, got {self.byzantine}")

    def check(self, rows: int) -> None:
        """Raise `InputError` with the reason if n = ``rows`` is too few for f."""
        least = self.least_rows(self.byzantine)
        if rows < least:
            most = max((f for f in range(min(self.byzantine, rows + 1)) if self.least_rows(f) <= rows), default=None)
            remedy = "no f works for so few rows" if most is None else f"the largest f for {rows} rows is {most}"
            raise InputError(
                f"f={self.byzantine} of n={rows} rows: needs {self.condition} (n of at least {least}), "
                f"because {self.reason}; {remedy}"
            )


def majority(byzantine: int, reason: str = "otherwise the honest rows are no majority") -> Tolerance:
    """The condition n > 2f, which most rules share."""
    return Tolerance(byzantine, "n > 2f", lambda f: 2 * f + 1, reason)


def _in_float32(function: Callable[..., Array]) -> Callable[..., Array]:
    """The function of rows, computed in float32 at least; its result has the rows' type."""

    def computed(values: Array, *others: Any) -> Array:
        if values.dtype.name not in ("bfloat16", "float16"):
            return function(values, *others)
        return function(values.astype("float32"), *others).astype(values.dtype)

    return computed


@dataclass(frozen=True)
class Rule:
    """A rule ``(n, d) -> (d,)`` with what the simulator must know about it.

    Attributes:
        function: ``function(values, kept)`` with ``values`` float ``[n, d]`` and ``kept`` bool ``[n]`` or
            None (all rows). A row that is not kept is as if absent. Pure, traceable, keeps the dtype.
        coordinatewise: the value at a coordinate depends on that column alone, so that a device may apply the
            rule to its own slice of the parameters.
        takes_kept: whether ``kept`` may be given; a rule without it raises `InputError` when it is.
        tolerance: the condition on n and f, checked whenever the rule is applied; None if there is no f.
        order_free: the result does not depend on the order of the rows, up to rounding.
        shuffles: whoever applies the rule step by step must first put the rows into a random order, drawn anew at
            every step. The rule itself stays a pure function of the rows in the order in which they come.
        bounded: ``bounded(values, kept, distorted)`` for a rule that adapts to the most rows that can be
            distorted, an int that may be traced; None for a rule that does not.
        exact: the rule compares entries and hands them on, which any type can; else rows of 16 bits are
            computed with in float32, and the result alone is rounded to their type.
        own_samples: of a rule whose row 0 is a gradient of the server's own, on how many samples it is computed; 0 for
            a rule that only has the others' rows.
    """

    function: Callable[[Array, Array | None], Array]
    coordinatewise: bool = False
    takes_kept: bool = False
    tolerance: Tolerance | None = None
    order_free: bool = True
    shuffles: bool = False
    bounded: Callable[[Array, Array | None, Array | int], Array] | None = None
    exact: bool = False
    own_samples: int = 0

    def __post_init__(self) -> None:
        if not self.exact:
            object.__setattr__(self, "function", _in_float32(self.function))
            if self.bounded is not None:
                object.__setattr__(self, "bounded", _in_float32(self.bounded))

    def in_order(self, order: Array) -> Rule:
        """The rule that is given the rows (and ``kept``) in this order, an int permutation ``[n]``."""

        def kept_in_order(kept: Array | None) -> Array | None:
            return None if kept is None else kept[order]

        bounded = self.bounded
        return replace(
            self,
            function=lambda values, kept: self.function(values[order], kept_in_order(kept)),
            bounded=bounded and (lambda values, kept, limit: bounded(values[order], kept_in_order(kept), limit)),
        )

    def beside(self, own: Array) -> Rule:
        """The rule of the others' rows alone, with the server's own row ``own [d]``."""
        from jax import numpy as jnp

        def with_own(values: Array, kept: Array | None) -> Array:
            every = None if kept is None else jnp.concatenate([jnp.ones(1, bool), kept])
            return self.function(jnp.concatenate([own[None].astype(values.dtype), values]), every)

        return replace(self, function=with_own, own_samples=0)

    def __call__(self, values: Array, kept: Array | None = None) -> Array:
        """Apply the rule to float ``[n, d]`` rows; returns ``[d]``.

        Raises:
            InputError: n rows are too few for the rule's f, or ``kept`` is given to a rule that takes none.
        """
        if self.tolerance is not None:
            self.tolerance.check(len(values))
        if kept is not None and not self.takes_kept:
            raise InputError("this rule needs every row: a row cannot be left out of it")
        return self.function(values, kept)


@dataclass(frozen=True)
class Preaggregation:
    """A step ``(n, d) -> (m, d)`` that makes the rows fit for a rule.

    Attributes:
        function: ``function(values, kept)`` returns the new rows and which of them are kept (None: all).
        takes_kept: whether ``kept`` may be given.
        tolerance: the condition on n and f, checked whenever the step is applied; None if there is no f.
        order_free: permuting the rows permutes the result, or leaves it as it is.
    """

    function: Callable[[Array, Array | None], tuple[Array, Array | None]]
    takes_kept: bool = False
    tolerance: Tolerance | None = None
    order_free: bool = True

    def apply(self, values: Array, kept: Array | None = None) -> tuple[Array, Array | None]:
        """New rows ``[m, d]`` and which of them are kept, bool ``[m]`` or None if all are."""
        if self.tolerance is not None:
            self.tolerance.check(len(values))
        if kept is not None and not self.takes_kept:
            raise InputError("this preaggregation needs every row: a row cannot be left out of it")
        return self.function(values, kept)

    def __call__(self, values: Array, kept: Array | None = None) -> Array:
        """The new rows ``[m, d]`` of float ``[n, d]``."""
        return self.apply(values, kept)[0]


def compose(steps: list[Preaggregation], rule: Rule) -> Rule:
    """The rule that applies the preaggregations from left to right, then ``rule``.

    Raises:
        InputError: the rule has a row of the server's own, which a preaggregation would mix with the others.
    """
    if steps and rule.own_samples:
        raise InputError("a step before this rule would mix the server's own row with the others'; take the rule alone")

    def aggregate(values: Array, kept: Array | None) -> Array:
        for step in steps:
            values, kept = step.apply(values, kept)
        return rule(values, kept)

    return Rule(
        aggregate,
        takes_kept=rule.takes_kept and all(step.takes_kept for step in steps),
        order_free=rule.order_free and all(step.order_free for step in steps),
        shuffles=rule.shuffles,
    )
