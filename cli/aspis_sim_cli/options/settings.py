"""The settings as options of a command: flag, help, default and completion follow from their declarations."""

from collections.abc import Sequence
from inspect import Parameter
from typing import Annotated, Any

import typer

from aspis_sim.errors import InputError
from aspis_sim.spec.kinds import Named
from aspis_sim.spec.knob import Knob
from aspis_sim.spec.request import AXES
from aspis_sim_cli.options import completion
from aspis_sim_cli.options.help import First


class Settings(dict[str, Any]):
    """The settings that a command was given, by name: as they are written, without those left at their defaults."""

    several = True
    """Whether each may have several values."""

    @classmethod
    def parameters(cls) -> list[Parameter]:
        """The options, for the signature of a command."""
        return [_parameter(one, cls.several) for one in AXES.values()]

    @classmethod
    def read(cls, given: dict[str, Any], context: typer.Context) -> "Settings":
        """Take the options out of what a command was given."""
        found = cls()
        for name, one in AXES.items():
            option = _name(one, cls.several)
            value, source = given.pop(option), context.get_parameter_source(option)
            if value is not None and source is not None and source.name != "DEFAULT":
                found[name] = _values(value)
        return found

    @classmethod
    def _named(cls, option: str) -> Knob | None:
        flags = ((one.flag_of_several if cls.several else one.flag, one) for one in AXES.values())
        return next((one for flag, one in flags if flag == option), None)

    @classmethod
    def has_word(cls, option: str, text: str) -> bool:
        """Whether a setting has this word among its values."""
        one = cls._named(option)
        return one is not None and text in one.kind.names()

    @classmethod
    def check(cls, option: str, text: str) -> None:
        """Refuse a value that a setting cannot have; names are looked up later, when plugins are loaded.

        Args:
            option: without its dashes; one that is no setting may have any value.
            text: as it is written.

        Raises:
            InputError: says what is wrong.
        """
        one = cls._named(option)
        if one is None or isinstance(one.kind, Named):
            return
        values = one.kind.read(text, option)
        for value in values:
            one.refuse(value)
        if len(values) > 1 and not cls.several:
            raise InputError(f"a single run takes one value, not {len(values)}")


class OneOfEach(Settings):
    """The settings of one run."""

    several = False


def _values(value: Any) -> Any:
    """A flag that may stand several times holds a list; a list of nothing is no value."""
    return None if value == [] else value


def _name(one: Knob, several: bool) -> str:
    return (one.flag_of_several if several else one.flag).replace("-", "_")


def _parameter(one: Knob, several: bool) -> Parameter:
    flag = "--" + (one.flag_of_several if several else one.flag)
    option: dict[str, Any] = {
        "rich_help_panel": First(one.panel) if one.first else one.panel,
        "help": one.first or one.meaning,
    }
    if one.kind.type is bool:
        negated = flag.replace("--", "--no-", 1)
        option["show_default"] = False
        if not one.filled_by:
            return _keyword(one, several, bool, typer.Option(flag, **option), False)
        return _keyword(one, several, list[bool] | None, typer.Option(f"{flag}/{negated}", **option), None)
    option["metavar"] = (one.kind.metavar_of_several if several else None) or one.kind.metavar
    option["autocompletion"] = completion.of_kind(one.kind, several)
    default = one.defaults if several else (one.default,)
    return _keyword(one, several, str | None, typer.Option(flag, **option), _written(one, default))


def _keyword(one: Knob, several: bool, kind: Any, option: Any, default: Any) -> Parameter:
    annotation = Annotated[kind, option]
    return Parameter(_name(one, several), Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _written(one: Knob, values: Sequence[Any]) -> str | None:
    """Values as they can be typed, whole numbers in a row as a range; None where there is none."""
    if None in values or one.filled_by:
        return None
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if whole and len(values) > 2 and list(values) == list(range(values[0], values[-1] + 1)):
        return f"{values[0]}..{values[-1]}"
    return ",".join(one.written(value) for value in values)
