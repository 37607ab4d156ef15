"""Words on the command line that no command understands: one message like all others, and exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus

_UsageError: Any = typer.BadParameter.__mro__[1]
"""What Typer raises of a word that it does not understand."""


class Program(TyperGroup):
    """The program as Typer has it, but for what it says of words that it does not understand."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the options of the program itself."""
        with _told():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Read the options of a command, and run it."""
        with _told():
            return super().invoke(ctx)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(ExitStatus.INTERRUPTED) from None
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # no mistake: it shows the help
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        path = error.ctx.command_path if error.ctx else "aspis-sim"
        complain(f"error: {said}\ntry {path} --help")
        raise typer.Exit(ExitStatus.BAD_INPUT) from None
