"""Options that several commands share are written once, as a dataclass, and spread out in each command's signature."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import Parameter
from typing import Any


def spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the fields of each dataclass among its parameters' types in the place of that parameter.

    A field is an option as a parameter would be: its type is annotated with it, its default is the option's. The
    command itself is called with the dataclasses, filled in.
    """
    written = inspect.signature(command, eval_str=True).parameters
    shared: dict[str, type] = {
        name: one.annotation
        for name, one in written.items()
        if isinstance(one.annotation, type) and is_dataclass(one.annotation)
    }

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        filled = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)}) for name, kind in shared.items()
        }
        return command(**given, **filled)

    parameters: list[Parameter] = []
    for name, one in written.items():
        parameters += inspect.signature(shared[name]).parameters.values() if name in shared else [one]
    parameters = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
