"""``--config study.toml``: options from a file, and where the value of each option came from.

A key is an option without its dashes, at the top for the command at hand or in a table named after a command; a flag on
the command line wins over the environment (``ASPIS_SIM_SWEEP_Q``), and that over the file.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from aspis_sim.errors import InputError
from aspis_sim.printable import printable
from aspis_sim_cli.boundary import complain
from aspis_sim_cli.exit_status import ExitStatus

LARGEST = 10**6
"""Bytes of the largest file that is read."""

LONGEST = 10**40
"""The largest whole number that is read; which can be a value, the option says."""

LINES = "aspis-sim.config"
"""Under this name the context keeps the file and the line of every value that it gave."""

UNSET = ("help", "help_all", "config", "trust_config")
"""Options that no file can set."""

KEY = r"""\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*'))?\s*="""
TABLE = r"""\s*\[\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*\]"""


@dataclass(frozen=True)
class OptionValue:
    """An option of a command as it was resolved.

    Attributes:
        option: without its dashes.
        value: as it would be written on the command line, empty if there is none.
        origin: "flag", "environment: NAME", "FILE:LINE" or "default".
    """

    option: str
    value: str
    origin: str


class _Wrong(Exception):
    """What is wrong with a file, and where."""

    def __init__(self, message: str, line: int = 0, column: int = 0, width: int = 1) -> None:
        super().__init__(message)
        self.line, self.column, self.width = line, column, width


def read(context: typer.Context, path: Path | None) -> Path | None:
    """Make a file's values the defaults of the command that is being parsed; ends the program if it is wrong."""
    if path is None or context.resilient_parsing:
        return path
    text = ""
    try:
        text = _text(path)
        values = dict(_values(context, text, _tables(text)))
    except _Wrong as wrong:
        complain(_pointed(path, text, wrong))
        raise typer.Exit(ExitStatus.BAD_INPUT) from None
    context.default_map = {**(context.default_map or {}), **{name: value for name, (value, _) in values.items()}}
    context.meta[LINES] = {name: f"{path}:{line}" for name, (_, line) in values.items()}
    return path


def options_of(context: typer.Context) -> list[OptionValue]:
    """Every option of a command with its value and where that came from, in the order of its help."""
    lines = context.meta.get(LINES, {})
    found = []
    for parameter in _options(context).values():
        if parameter.name not in context.params:
            continue
        source = context.get_parameter_source(parameter.name)
        kind = source.name if source else "DEFAULT"
        origin = {
            "COMMANDLINE": "flag",
            "ENVIRONMENT": f"environment: {context.auto_envvar_prefix}_{parameter.name.upper()}",
            "DEFAULT_MAP": lines.get(parameter.name, "configuration"),
        }.get(kind, "default")
        found.append(OptionValue(_key(parameter), _written(context.params[parameter.name]), origin))
    return found


def command_line(context: typer.Context) -> str:
    """The command at hand as it can be typed again, with every option that has another value than its default."""
    words = ["aspis-sim"]
    chain: list[Any] = [context.parent, context]
    for one in filter(None, chain):
        words += [str(context.info_name)] if one is context else []
        for key, parameter in _options(one, one.command).items():
            source = one.get_parameter_source(parameter.name)
            if source is not None and source.name != "DEFAULT":
                words += _words(key, parameter, one.params.get(parameter.name))
    return shlex.join(words)


def _words(key: str, parameter: Any, value: Any) -> list[str]:
    if value is None:
        return []
    values = value if getattr(parameter, "multiple", False) else [value]
    if getattr(parameter, "is_flag", False):
        return [f"--{key}" if one else max(parameter.secondary_opts, key=len, default="") for one in values]
    return [word for one in values for word in (f"--{key}", _written(one))]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    return "" if value is None else str(value)


def _key(parameter: Any) -> str:
    return str(max(parameter.opts, key=len)).lstrip("-")


def _options(context: typer.Context, command: Any = None) -> dict[str, Any]:
    """Key -> option, of a command; without those that only print and leave."""
    one = command or context.command
    return {
        _key(parameter): parameter
        for parameter in one.params
        if parameter.param_type_name == "option" and parameter.name not in UNSET
    }


def _text(path: Path) -> str:
    from aspis_sim.files import read_bounded

    try:
        return read_bounded(path, LARGEST, "configuration").decode("utf-8-sig")
    except InputError as error:
        raise _Wrong(str(error).removeprefix(f"{path} ")) from None
    except OSError as error:
        raise _Wrong(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _Wrong(f"is not UTF-8 text (byte {error.start})") from None


def _tables(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        reason = str(error)[: where.start()] if where else str(error).removesuffix(" (at end of document)")
        line, column = (int(where[1]), int(where[2])) if where else (len(text.splitlines()), 0)
        raise _Wrong(f"invalid TOML: {reason[:1].lower()}{reason[1:]}", line, column) from None
    except ValueError:
        raise _Wrong("invalid TOML: a number in it has thousands of digits") from None
    except RecursionError:
        raise _Wrong("invalid TOML: it is nested too deeply") from None


def _values(context: typer.Context, text: str, tables: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, int]]]:
    """(parameter, (value, line)) for every key that the command at hand is given, all keys checked."""
    own = str(context.info_name)
    offered = {} if context.parent is None else getattr(context.parent.command, "commands", {})
    commands = {own, *offered}
    for key, value in tables.items():
        if key in commands and isinstance(value, dict):
            command = context.command if key == own else offered[key]
            for name, one in value.items():
                checked = _checked(context, text, (key, name), one, command)
                if key == own:
                    yield checked
        elif isinstance(value, dict):
            line = _place(text, (key, ""))
            raise _Wrong(
                f"unknown table {printable(key)!r}; a table is named after a command{_near(key, commands)}", *line
            )
        else:
            yield _checked(context, text, (key,), value, context.command)


def _checked(
    context: typer.Context, text: str, path: tuple[str, ...], value: Any, command: Any
) -> tuple[str, tuple[Any, int]]:
    known = _options(context, command)
    place = _place(text, path)
    key = path[-1].replace("_", "-")
    if key not in known:
        raise _Wrong(f"unknown key {printable(path[-1])!r} for {command.name}{_near(key, known)}", *place)
    if any(isinstance(one, int) and abs(one) > LONGEST for one in (value if isinstance(value, list) else [value])):
        raise _Wrong(f"{key}: a whole number has 40 digits at most", *place)
    parameter = known[key]
    several = getattr(parameter, "multiple", False)
    flag = getattr(parameter, "is_flag", False)
    settings = getattr(command.callback, "settings", None)
    if isinstance(value, bool) and several and flag:
        value = [value]
    if isinstance(value, bool) and not flag and settings and settings.has_word(key, _written(value)):
        value = _written(value)
    if isinstance(value, list) and not several:
        if not value or not all(isinstance(one, str | int | float) for one in value):
            raise _Wrong(f"{key}: a list holds words or numbers", *place)
        value = ",".join(map(_written, value))
    if not isinstance(value, str | int | float | list):
        raise _Wrong(f"{key}: a value is a word, a number, true or false, or a list of them", *place)
    if flag != all(isinstance(one, bool) for one in (value if isinstance(value, list) and value else [value])):
        raise _Wrong(f"{key}: {'true or false' if flag else 'a value'} is wanted here", *place)
    try:
        parameter.process_value(context, value if flag or several else str(value))
        if settings and not (flag or several):
            settings.check(key, str(value))
    except Exception as error:
        reason = str(getattr(error, "message", error)).removeprefix(f"{key} {value}: ")
        raise _Wrong(f"{key}: {reason}", *place) from None
    return parameter.name, (value if flag or several else str(value), place[0])


def _near(key: str, known: Any) -> str:
    from aspis_sim.registry import unknown_name

    return ";" + str(unknown_name("", key, known)).rpartition(";")[2]


def _place(text: str, path: tuple[str, ...]) -> tuple[int, int, int]:
    """Line, column and width of a key (of a table's header where the last part of the path is empty), 0 if unseen."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(TABLE, line):
            table = (header[1].strip("\"'"),)
            if path == (*table, ""):
                return number, header.start(1) + 1, len(header[1])
        elif found := re.match(KEY, line):
            here = (*table, *(part.strip("\"'") for part in found.groups() if part is not None))
            last = found.lastindex or 1
            if here == path:
                return number, found.start(last) + 1, len(found[last])
    return 0, 0, 1


def _pointed(path: Path, text: str, wrong: _Wrong) -> str:
    """The message, with the line and a caret under what is meant."""
    where = f", line {wrong.line}" if wrong.line else ""
    message = f"error: {printable(str(path))}{where}: {printable(str(wrong))}"
    lines = text.splitlines()
    if not 0 < wrong.line <= len(lines):
        return message
    start = max(0, wrong.column - 40)
    shown = printable(lines[wrong.line - 1].expandtabs(1))[start : start + 100]
    number = f"{wrong.line:>4} | "
    caret = " " * (len(number) - 2) + "| " + " " * (wrong.column - 1 - start) + "^" * wrong.width
    return f"{message}\n{number}{shown}" + (f"\n{caret}" if wrong.column else "")
