"""What a shell is offered for the options that take registered names, plugins' among them."""

from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, suppress
from io import StringIO
from pathlib import Path

import typer

from aspis_sim.errors import InputError
from aspis_sim.registry import PLUGINS
from aspis_sim.spec.kinds import Kind, Named
from aspis_sim.spec.request import AXES
from aspis_sim_cli.plugins import load_named

Completer = Callable[[typer.Context, str], list[str]]


def of(setting: str, several: bool = False) -> Completer | None:
    """What completes the values of a setting, None if nothing does; ``several``: it takes a list with commas."""
    return of_kind(AXES[setting].kind, several)


def of_kind(kind: Kind, several: bool = False) -> Completer | None:
    """What completes values of a kind."""
    if isinstance(kind, Named) and kind.before:
        return _joined(kind, several)
    return names(kind.names, several) if kind.has_names else None


def names(known: Iterable[str] | Callable[[], Iterable[str]], several: bool = False) -> Completer:
    """Complete one of the known names (or of those that a function gives); of a list the last, without the others."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        _with_plugins(ctx)
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        taken = before.split(",")
        offered = known() if callable(known) else known
        return [f"{before}{comma}{name}" for name in offered if name.startswith(last) and name not in taken]

    return complete


def _joined(kind: Kind, several: bool) -> Completer:
    """Complete a name, also after the steps before it: of ``nnm+kr`` the last."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        _with_plugins(ctx)
        before, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        steps, plus, name = last.rpartition("+")
        return [
            f"{before}{comma}{steps}{plus}{one}"
            for one in (*kind.names(), *kind.names_before())
            if one.startswith(name)
        ]

    return complete


def _with_plugins(ctx: typer.Context) -> None:
    """Load what the line so far names, and what is installed; one that does not work has nothing to offer."""
    from importlib.metadata import entry_points

    named: list[Path] = []
    one: typer.Context | None = ctx
    while one is not None:
        named += map(Path, one.params.get("plugin") or ())
        one = one.parent  # type: ignore[assignment]
    if not named and not entry_points(group=PLUGINS):
        return
    from aspis_sim import plugin

    with redirect_stderr(StringIO()):
        plugin.installed()
        for path in named:
            with suppress(InputError):
                load_named([path])
