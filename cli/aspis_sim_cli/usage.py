"""The program as a group of commands that are imported when they are first asked for, and how it answers misuse."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import typer

from aspis_sim.registry import at
from aspis_sim_cli.boundary import bounded, complain
from aspis_sim_cli.exit_status import ExitStatus
from aspis_sim_cli.options.help import Command, Group

_UsageError: Any = typer.BadParameter.__mro__[1]
"""What Typer raises of a word that it does not understand."""


class Home(NamedTuple):
    """Where a command is.

    Attributes:
        place: ``"module:attribute"`` of its function, or of the Typer application with its own commands.
        summary: the first sentence of its help.
    """

    place: str
    summary: str


class Commands(MutableMapping[str, Any]):
    """Commands by name, each imported and built when it is first asked for."""

    def __init__(self, homes: Mapping[str, Home]) -> None:
        self._homes = dict(homes)
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = _built(name, self._homes[name])
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._homes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


class Program(Group):
    """The program as Typer has it, but for when commands are imported, and what it says of words it cannot read."""

    homes: ClassVar[Mapping[str, Home]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = Commands(self.homes)
        self._listing = False

    def summaries(self, ctx: Any) -> dict[str, str]:
        """Command -> what it does."""
        return {name: home.summary for name, home in self.homes.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command; while names are completed, only its name and summary."""
        if self._listing and cmd_name in self.homes:
            return Command(cmd_name, help=self.homes[cmd_name].summary)
        return super().get_command(ctx, cmd_name)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """What a shell is offered in the place of a command."""
        self._listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._listing = False

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the options of the program itself; a command's help alone is shown before any option is read."""
        with _told():
            if not extra.get("resilient_parsing"):
                self._help_alone(info_name, args)
            return super().make_context(info_name, args, parent=parent, **extra)

    def _help_alone(self, info_name: str | None, words: list[str]) -> None:
        """Show the help of a command, if nothing but that is asked for, and leave."""
        *path, last = words or [""]
        if last not in self.context_settings["help_option_names"]:
            return
        command: Any = self
        context = typer.Context(command, info_name=info_name, **self.context_settings)
        for word in path:
            if word not in getattr(command, "commands", {}):
                return
            command = command.commands[word]
            context = typer.Context(command, parent=context, info_name=word)
        typer.echo(context.get_help())
        raise typer.Exit

    def invoke(self, ctx: Any) -> Any:
        """Read the options of a command, and run it."""
        with _told():
            return super().invoke(ctx)


def _built(name: str, home: Home) -> Any:
    """The command at a place."""
    found = at(home.place)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        holder = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        holder.command(name, cls=Command)(bounded(found))
        command = typer.main.get_command(holder)
    command.name = name
    return command


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(ExitStatus.INTERRUPTED) from None
    except _UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.ctx.get_help())
            raise typer.Exit(ExitStatus.BAD_INPUT) from None
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        path = error.ctx.command_path if error.ctx else "aspis-sim"
        complain(f"error: {said}\ntry {path} --help")
        raise typer.Exit(ExitStatus.BAD_INPUT) from None
