"""A setting declared once: its type, default, meaning, check and spelling, and where it shows.

A field of a frozen dataclass made by `knob` is a setting. Flags, configuration keys, completion and help, the columns
of results, the digest of a run, titles, filters and the keywords in Python all follow from the declaration.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, Literal

from aspis_sim.errors import InputError
from aspis_sim.spec.kinds import Kind

Place = Literal["table", "scheme", "own"]
"""Where values of a setting stand apart: in tables of their own, as variants of a scheme within one table, or on an
axis of the table itself (q, the seed, the learning rate)."""

Check = Callable[[Any], str | None]
"""From a value to what is wrong with it, None if nothing is."""


@dataclass(frozen=True, eq=False, repr=False)
class Knob:
    """One setting.

    Attributes:
        name: of the field in a `Cell`, and of the keyword in Python.
        kind: how values are read, written and completed.
        default: of one run; None also where the scheme, the data set or the compute mode decides.
        several: of a sweep; None for the default alone.
        meaning: one sentence of help; ``{names}`` in it stands for the names that may be given, ``{before}`` for those
            that may stand before another.
        first: the sentence of the short help; empty for a setting that only the full help shows.
        panel: of the help.
        flag: how the program spells it, without dashes.
        flag_of_several: how it spells a list of it, where that is another word.
        column: of the results; empty where another column says it.
        place: see `Place`.
        check: of one value, beyond its kind.
        filled_by: what decides where no value is given: "scheme", "data set" or "compute mode"; empty for the default.
        shapes: whether a program is compiled for the value; else it is fed to the program, or never reaches it.
        identity: whether it stands in the digest of a run also where it has its default.
        stored: its name in digests and stored specifications.
    """

    name: str
    kind: Kind
    default: Any
    several: tuple[Any, ...] | None
    meaning: str
    first: str
    panel: str
    flag: str
    flag_of_several: str
    column: str
    place: Place
    check: Check | None
    filled_by: str
    shapes: bool
    identity: bool
    stored: str

    @property
    def spelled(self) -> str:
        """How a message names it; programs put their own spelling in its place."""
        return f"`{self.name}`"

    @property
    def help(self) -> str:
        """The meaning, with the names that may be given."""
        told = self.meaning
        if "{before}" in told:
            told = told.replace("{before}", ", ".join(self.kind.names_before()))
        return told.replace("{names}", ", ".join(self.kind.names())) if "{names}" in told else told

    @property
    def defaults(self) -> tuple[Any, ...]:
        """The values of a grid that gives none."""
        return (self.default,) if self.several is None else self.several

    def read(self, given: Any) -> tuple[Any, ...]:
        """The values that were asked for, as text, as one value or as a sequence of either; each once, in order.

        Raises:
            InputError: one of them is not of the kind, or its check refuses it.
        """
        parts = list(given) if isinstance(given, list | tuple | set | range) else [given]
        if not parts:
            raise InputError(f"the grid is empty: no {self.spelled}")
        values = [value for part in parts for value in self.kind.read(part, self.spelled)]
        for value in values:
            self.refuse(value)
        return tuple(dict.fromkeys(values))

    def refuse(self, value: Any) -> None:
        """Raise `InputError` if the check refuses a value."""
        if value is not None and self.check is not None and (wrong := self.check(value)):
            raise InputError(wrong)

    def written(self, value: Any) -> str:
        """The value as it can be read again."""
        return self.kind.write(value)


def knob(
    kind: Kind,
    default: Any,
    meaning: str,
    *,
    panel: str,
    first: str = "",
    several: tuple[Any, ...] | None = None,
    flag: str = "",
    flag_of_several: str = "",
    column: str | None = None,
    place: Place = "scheme",
    check: Check | None = None,
    filled_by: str = "",
    shapes: bool = True,
    identity: bool = False,
    stored: str = "",
    absent: Any = MISSING,
) -> Any:
    """A field that declares a setting; arguments as the attributes of `Knob`.

    ``absent`` is the field's own default in a cell that does not name it, where that is not ``default``.
    """
    declared = {
        "kind": kind,
        "default": default,
        "several": several,
        "meaning": meaning,
        "first": first,
        "panel": panel,
        "flag": flag,
        "flag_of_several": flag_of_several,
        "column": column,
        "place": place,
        "check": check,
        "filled_by": filled_by,
        "shapes": shapes,
        "identity": identity,
        "stored": stored,
    }
    return field(default=default if absent is MISSING else absent, metadata={"knob": declared})


@cache
def knobs(group: type) -> dict[str, Knob]:
    """The settings that a dataclass declares, by name, in their order."""
    return {one.name: _of(one) for one in fields(group) if "knob" in one.metadata}


def _of(one: "Field[Any]") -> Knob:
    told = dict(one.metadata["knob"])
    spelling = one.name.replace("_", "-")
    told["flag"] = told["flag"] or spelling
    told["flag_of_several"] = told["flag_of_several"] or told["flag"]
    told["column"] = told["flag"].replace("-", "_") if told["column"] is None else told["column"]
    told["stored"] = told["stored"] or one.name
    return Knob(name=one.name, **told)
