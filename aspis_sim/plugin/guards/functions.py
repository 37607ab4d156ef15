"""The functions that a plugin's part is made of, and what they may return."""

import inspect
from collections.abc import Callable
from typing import Any

from aspis_sim.plugin.part import Part, described

Factory = Callable[..., Any]


def takes(part: Part, function: Any, expected: str, parameter: str) -> bool:
    """Whether a plain function takes this second argument."""
    if not callable(function):
        raise part.refuses(f"returned {described(function)}, not {expected}")
    with part.blamed():
        return parameter in inspect.signature(function).parameters


def vector(part: Part, function: Callable[..., Any], a_file: bool = False) -> Callable[..., Any]:
    """The function of rows ``[n, d]``, whose result must be ``[d]``, or with ``a_file`` ``[n, d]``, in their type."""

    def checked(rows: Any, *rest: Any) -> Any:
        result = part.blaming(function)(rows, *rest)
        shape, what = (rows.shape, "the vectors") if a_file else (rows.shape[1:], "the vector")
        part.array(result, shape, rows.dtype, f"{what} of {described(rows)}")
        return result

    return checked
