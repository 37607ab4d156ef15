"""The plugins of a call: those of installed packages, and the files that it names."""

from collections.abc import Sequence
from pathlib import Path

import typer

from aspis_sim.errors import InputError
from aspis_sim.registry import PLUGINS
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus


def load_plugins(paths: Sequence[Path] | None) -> None:
    """Load them before the command is read; one that is installed and broken is left out, and said.

    Raises:
        typer.Exit: a file that was named cannot be loaded (exit code 2).
    """
    from importlib.metadata import entry_points

    if entry_points(group=PLUGINS):
        from aspis_sim import plugin

        for failure in plugin.installed():
            complain(f"left out: installed {failure.reason}")
    try:
        load_named(paths)
    except InputError as error:
        complain(f"error: {error}")
        raise typer.Exit(ExitStatus.BAD_INPUT) from None


def load_named(paths: Sequence[Path] | None) -> None:
    """Load the files of ``--plugin``.

    Raises:
        InputError: one of them cannot be loaded.
    """
    if paths:
        from aspis_sim import plugin

        for path in paths:
            plugin.load(path)
