"""How a command shows its help: plain text, made without rich and without importing any part.

``--help`` shows what people use first, if the command marks some of its options so, and ``--help-all`` everything, with
the variables of the environment.
"""

import os
import sys
import textwrap
from collections.abc import Iterator
from shutil import get_terminal_size
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

UNBROKEN = "\N{NO-BREAK SPACE}"
"""Stands for a space at which no line ends."""

LEFT = 25
"""Columns for an option and its values, where the text fits beside it."""

WIDEST, NARROWEST = 100, 40
"""Columns that a line of help takes at most, and at least."""

ARGUMENTS, COMMANDS, OTHERS = "Arguments", "Commands", "Options"

LOADED = "aspis-sim.plugins"
"""Under this name a context notes that the installed plugins are loaded."""


class First(str):
    """The panel of an option that the short help shows too."""


class Command(TyperCommand):
    """A command whose help is ours, and for which the installed plugins are loaded once it runs."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help: the short one, where there are two."""
        formatter.write(_encodable(text_of(self, ctx, everything=not self.has_short_help)))

    @property
    def has_short_help(self) -> bool:
        """Whether it shows but the options that are used first; ``--help-all`` shows the others then."""
        return any("--help-all" in one.opts for one in self.params)

    def invoke(self, ctx: Any) -> Any:
        """Load the installed plugins, and run."""
        load_installed(ctx)
        return super().invoke(ctx)


class Group(TyperGroup):
    """A group whose help is ours."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(_encodable(text_of(self, ctx, everything=True)))

    def summaries(self, ctx: Any) -> dict[str, str]:
        """Command -> what it does, in one sentence."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return {name: (one.help or "").split("\n\n")[0] for name, one in commands.items() if one is not None}


def _encodable(text: str) -> str:
    """The text with plain characters for what stdout cannot show: Click would write UTF-8 where it is told ASCII."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "plain").decode(encoding)


def load_installed(context: typer.Context) -> None:
    """Load the plugins of installed packages, unless that is done."""
    if LOADED not in context.meta:
        from aspis_sim_cli.plugins import load_plugins

        context.meta[LOADED] = True
        load_plugins(None)


def spell_out(command: Any) -> None:
    """Put what the full help says in the place of what the short one says, with all names that may be given."""
    from aspis_sim.spec.request import AXES

    for one in command.params:
        flag = one.opts[0].removeprefix("--")
        told = [knob for knob in AXES.values() if one.help in (knob.first or knob.meaning, knob.meaning)]
        if told and flag in (told[0].flag, told[0].flag_of_several):
            one.help = told[0].help


def show_all(context: typer.Context, wanted: bool) -> None:
    """Show everything and leave, for the callback of ``--help-all``."""
    if wanted and not context.resilient_parsing:
        load_installed(context)
        spell_out(context.command)
        typer.echo(text_of(context.command, context, everything=True).rstrip("\n"))
        raise typer.Exit


def text_of(command: Any, context: Any, everything: bool) -> str:
    """The help of a command or a group.

    Args:
        command: of Typer.
        context: its own.
        everything: with all options and the variables of the environment; else those that are used first.
    """
    width = max(NARROWEST, min(WIDEST, get_terminal_size((80, 24)).columns))
    short = isinstance(command, Command) and command.has_short_help
    lines = [_usage(command, context, width), *_described(command.help or "", width)]
    for title, rows in _sections(command, context, everything, short):
        left = min(LEFT, max(len(name) for name, _ in rows) + 2) if title == COMMANDS else LEFT
        lines += ["", _bold(title), *(line for row in rows for line in _row(*row, left, width))]
    if short and not everything:
        lines += ["", *_wrapped(f"All {len(command.params)} options: {context.command_path} --help-all", width)]
    if command.epilog:
        lines += ["", *_described(command.epilog, width)[1:]]
    return "\n".join(lines) + "\n"


def _usage(command: Any, context: Any, width: int) -> str:
    arguments = [_argument(one).strip() for one in command.params if one.param_type_name == "argument"]
    words = ["[OPTIONS]", *arguments, *(["COMMAND [ARGS]..."] if isinstance(command, Group) else [])]
    line = f"{_bold('Usage:')} {context.command_path} {' '.join(words)}"
    return "\n".join(textwrap.wrap(line, width, subsequent_indent=" " * 7))


def _described(text: str, width: int) -> list[str]:
    """Paragraphs; lines that are indented are commands, which stand as they are, one below the other."""
    lines: list[str] = []
    command_before = False
    for paragraph in text.split("\n\n"):
        command = paragraph.startswith(" ")
        lines += [] if command and command_before else [""]
        lines += _wrapped(paragraph.strip(), width, "  ", "      ") if command else _wrapped(paragraph, width)
        command_before = command or paragraph.rstrip().endswith("xamples:")
    return lines


def _wrapped(text: str, width: int, first: str = "", then: str = "") -> list[str]:
    joined = text.replace("\n", " ")
    lines = textwrap.wrap(
        joined, width, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(UNBROKEN, " ") for line in lines]


def _sections(command: Any, context: Any, everything: bool, short: bool) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """(title, (left, text)) of the arguments, the commands and the options by panels."""
    panels: dict[str, list[tuple[str, str]]] = {}
    arguments, others = [], []
    for one in command.get_params(context):
        if getattr(one, "hidden", False):
            continue
        panel = getattr(one, "rich_help_panel", None)
        if one.param_type_name == "argument":
            arguments.append((_argument(one), one.help or ""))
        elif panel is None and (everything or not short or one.opts[0] in ("--help", "-h", "--help-all")):
            others.append((_option(one), _told(one, context, everything and short)))
        elif panel is not None and (everything or not short or isinstance(panel, First)):
            panels.setdefault(str(panel), []).append((_option(one), _told(one, context, everything and short)))
    if arguments:
        yield ARGUMENTS, arguments
    if isinstance(command, Group):
        yield COMMANDS, [(f"  {name}", text) for name, text in command.summaries(context).items()]
    yield from panels.items()
    if others:
        yield OTHERS, others


def _argument(one: Any) -> str:
    return f"  {one.metavar or str(one.name).upper()}"


def _option(one: Any) -> str:
    """An option as it is written, with what its value is."""
    names = sorted(one.opts, key=len)
    flags = ", ".join(names) + "".join(f"/{other}" for other in one.secondary_opts)
    return f"  {flags}" if one.is_flag else f"  {flags} {one.metavar or 'VALUE'}"


def _told(one: Any, context: Any, with_variable: bool) -> str:
    """What an option does, its default, and its variable in the environment."""
    said = [(one.help or "").strip()]
    if with_variable and one.show_envvar and one.allow_from_autoenv and context.auto_envvar_prefix:
        said.append(f"[env:{UNBROKEN}{context.auto_envvar_prefix}_{one.name.upper()}]")
    default = one.default
    if one.show_default and not (default is None or default is False or default == () or callable(default)):
        said.append(f"[default:{UNBROKEN}{'on' if default is True else getattr(default, 'value', default)}]")
    return " ".join(said)


def _row(left: str, text: str, start: int, width: int) -> list[str]:
    """An option and its text, beside it from a column on or, where it is long, below."""
    lines = _wrapped(text, width, " " * start, " " * start)
    if len(left) > start - 2 or not lines:
        return [_marked(left), *lines]
    return [_marked(left) + lines[0][len(left) :], *lines[1:]]


def _marked(left: str) -> str:
    """The left side with the option in bold."""
    flags, space, value = left.strip().partition(" ") if ", " not in left else (left.strip(), "", "")
    return f"  {_bold(flags)}{space}{value}"


def _bold(text: str) -> str:
    """In bold, where the terminal may have it; what is no terminal is left without by `typer.echo`."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else typer.style(text, bold=True)
