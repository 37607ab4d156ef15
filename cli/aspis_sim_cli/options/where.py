"""The option that keeps some of a study's cells, by any of their settings."""

from collections.abc import Iterable
from typing import Annotated

import typer

from aspis_sim.errors import InputError
from aspis_sim.spec.ranges import names

WHICH = "Which cells"


def _completed(incomplete: str) -> list[str]:
    from aspis_sim.spec.cell import BY_COLUMN

    return [f"{name}=" for name in BY_COLUMN if f"{name}=".startswith(incomplete)]


Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        rich_help_panel=WHICH,
        help="Only cells with these settings, any of a sweep's; repeatable.",
        metavar="SETTING=VALUE,…",
        autocompletion=_completed,
    ),
]


def settings(given: Iterable[str] | None) -> list[tuple[str, tuple[str, ...]]]:
    """What ``--where`` asks for: settings with their values."""
    return [setting(text, "--where") for text in given or ()]


def setting(text: str, option: str) -> tuple[str, tuple[str, ...]]:
    """A setting and its values from ``scheme=aspis,median``.

    Raises:
        InputError: it is not of that form.
    """
    name, equals, values = text.partition("=")
    if not (name.strip() and equals and values.strip()):
        raise InputError(f"{option} {text}: write a setting and its values, as in scheme=aspis,median")
    return name.strip(), names(values)
