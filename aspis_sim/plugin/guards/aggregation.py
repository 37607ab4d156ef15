"""The guards of rules and what goes before them."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from aspis_sim.aggregation import Preaggregation, Rule
from aspis_sim.plugin.guards.functions import Factory, takes, vector
from aspis_sim.plugin.part import Part, described


def rule(part: Part, factory: Factory) -> Factory:
    """A `Rule`, or a function from rows ``[n, d]`` (and, if it takes it, ``kept`` ``[n]``) to ``[d]``."""

    @wraps(factory)
    def build(**options: Any) -> Rule:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Rule):
            takes_kept = takes(part, built, "a Rule or a function of the rows", "kept")
            plain = built
            built = Rule(lambda rows, kept: plain(rows, kept) if takes_kept else plain(rows), takes_kept=takes_kept)
        bounded = None if built.bounded is None else vector(part, built.bounded)
        return replace(built, function=vector(part, built.function), bounded=bounded)

    return build


def preaggregation(part: Part, factory: Factory) -> Factory:
    """A `Preaggregation`, or a function from rows ``[n, d]`` to ``[m, d]``; one that takes ``kept`` returns both."""

    @wraps(factory)
    def build(**options: Any) -> Preaggregation:
        built = part.blaming(factory)(**options)
        if not isinstance(built, Preaggregation):
            takes_kept = takes(part, built, "a Preaggregation or a function of the rows", "kept")
            plain = built
            built = Preaggregation(
                lambda rows, kept: plain(rows, kept) if takes_kept else (plain(rows), None), takes_kept=takes_kept
            )
        return replace(built, function=_rows(part, built.function))

    return build


def _rows(part: Part, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of rows ``[n, d]``, which must return rows ``[m, d]`` in their type, and which of them are kept."""

    def checked(rows: Any, kept: Any) -> Any:
        result = part.blaming(function)(rows, kept)
        if not isinstance(result, tuple) or len(result) != 2:
            raise part.refuses(f"returned {described(result)}, not a pair: the new rows, and which are kept or None")
        shape: tuple[int, ...] = getattr(result[0], "shape", ())
        if len(shape) != 2 or not shape[0] or (result[0].dtype, *shape[1:]) != (rows.dtype, *rows.shape[1:]):
            rest = f"of {described(rows)}, not {rows.dtype.name}[m, {rows.shape[1]}]"
            raise part.refuses(f"returned {described(result[0])} as the rows made {rest}")
        if result[1] is not None:
            part.array(result[1], shape[:1], bool, "which rows are kept")
        return result

    return checked
