"""Options that several commands share are written once and spread out in each command's signature."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import Parameter
from typing import Any

from aspis_sim_cli.options.settings import Settings


def spread(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with options in the place of each parameter whose type stands for several.

    Such a type is a dataclass, whose fields are options as parameters would be (the type annotated with the option,
    the default the option's), or `Settings`. The command itself is called with these, filled in.
    """
    written = inspect.signature(command, eval_str=True).parameters
    shared = {
        name: one.annotation
        for name, one in written.items()
        if isinstance(one.annotation, type) and (is_dataclass(one.annotation) or issubclass(one.annotation, Settings))
    }

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        filled: dict[str, Any] = {}
        for name, kind in shared.items():
            if issubclass(kind, Settings):
                filled[name] = kind.read(given, given["context"])
            else:
                filled[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        return command(**given, **filled)

    parameters: list[Parameter] = []
    for name, one in written.items():
        kind = shared.get(name)
        if kind is None:
            parameters.append(one)
        elif issubclass(kind, Settings):
            parameters += kind.parameters()
        else:
            parameters += inspect.signature(kind).parameters.values()
    parameters = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in parameters]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.settings = next((kind for kind in shared.values() if issubclass(kind, Settings)), None)  # type: ignore[attr-defined]
    return run
