"""``--trust-config``: a plugin is Python that runs, so a configuration file alone does not load one."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import typer

from aspis_sim.printable import printable
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options.config import LINES


def plugins_of(context: typer.Context, parameter: typer.CallbackParam, paths: Sequence[Path]) -> Sequence[Path]:
    """The plugins of a command. Ends the program if a file alone names one and ``--trust-config`` was not given.

    One that is loaded already, by ``aspis-sim --plugin`` or ``$ASPIS_PLUGINS``, may stand in the file as well.
    """
    source = context.get_parameter_source("plugin")
    if context.resilient_parsing or source is None or source.name != "DEFAULT_MAP" or context.params["trust_config"]:
        return paths
    from aspis_sim import plugin

    loaded = plugin.paths()
    unknown = [path for path in paths if path.resolve() not in loaded]
    if unknown:
        place = printable(str(context.meta[LINES]["plugin"]))
        flags = " ".join(f"--plugin {shlex.quote(str(path))}" for path in unknown[:3])
        them = "it" if len(unknown) == 1 else "them"
        complain(
            f"error: {place}: plugins are Python that would run with your rights, and a file alone does not load them; "
            f"if you trust it, add --trust-config, or name {them} on the command line: {printable(flags)}"
            f"{' …' if len(unknown) > 3 else ''}"
        )
        raise typer.Exit(ExitStatus.BAD_INPUT)
    return paths
