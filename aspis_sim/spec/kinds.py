"""Kinds of values that a setting has: how they are read from text or Python, written, and which names there are.

Names that belong elsewhere are looked up when they are first asked for, so that a declaration imports no parts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.printable import brief
from aspis_sim.registry import Registry, at, unknown_name
from aspis_sim.spec import ranges
from aspis_sim.spec.part import Part, parse_part


@dataclass(frozen=True, eq=False, repr=False)
class Kind:
    """What values of a setting are.

    Attributes:
        metavar: how one value is shown in help.
        metavar_of_several: how a list is.
        optional: whether None is a value; it is written ``none``.
    """

    metavar: str | None = None
    metavar_of_several: str | None = None
    optional: bool = False

    type: type = str
    """Of the values, None apart."""

    @property
    def has_words(self) -> bool:
        """Whether words are values beside numbers."""
        return False

    def names(self) -> Iterable[str]:
        """The names that may be given, for help and completion; none for numbers."""
        return ()

    def names_before(self) -> Iterable[str]:
        """The names that may stand before the last of several that are joined by ``+``; else none."""
        return ()

    has_names = False
    """Whether there are names that may be given; known without looking them up."""

    def read(self, given: Any, spelled: str) -> tuple[Any, ...]:
        """One value, or all that a text lists.

        Args:
            given: text, or a value.
            spelled: how messages name the setting.

        Raises:
            InputError: it is not of this kind.
        """
        if given is None:
            return (None,)
        if not isinstance(given, str):
            return (self._of_value(given, spelled),)
        words = given.split(",")
        if not self.optional or not any(map(_is_none, words)):
            return self._of_text(given, spelled)
        return tuple(one for word in words for one in ((None,) if _is_none(word) else self._of_text(word, spelled)))

    def write(self, value: Any) -> str:
        """The value as `read` takes it."""
        if value is None:
            return "none"
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float):
            short = f"{value:g}"
            return short if float(short) == value else repr(value)
        return str(value)

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        raise NotImplementedError

    def _of_value(self, value: Any, spelled: str) -> Any:
        raise InputError(f"{spelled} {brief(value)}: not a value of this setting")


def _is_none(word: str) -> bool:
    return word.strip().lower() == "none"


@dataclass(frozen=True, eq=False, repr=False)
class Whole(Kind):
    """Whole numbers.

    Attributes:
        words: values besides them.
        most: the largest, and the negative of the least, that is read; what a setting can have is its check's.
    """

    words: tuple[str, ...] = ()
    most: int = ranges.LARGEST_WHOLE
    type: type = int

    @property
    def has_words(self) -> bool:
        """Whether there are any."""
        return bool(self.words)

    has_names = has_words

    def names(self) -> Iterable[str]:
        """The words."""
        return self.words

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        if not set(self.words).isdisjoint(part.strip() for part in text.split(",")):
            parts = [part.strip() for part in text.split(",")]
            return tuple(
                value
                for part in parts
                for value in ((part,) if part in self.words else ranges.integers(part, spelled, self.most))
            )
        return ranges.integers(text, spelled, self.most)

    def _of_value(self, value: Any, spelled: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise InputError(f"{spelled} {brief(value)}: not a whole number")
        if abs(int(value)) > self.most:
            raise ranges.too_large(spelled, value, self.most)
        return int(value)


@dataclass(frozen=True, eq=False, repr=False)
class Number(Kind):
    """Finite real numbers."""

    type: type = float

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        return ranges.reals(text, spelled)

    def _of_value(self, value: Any, spelled: str) -> Any:
        try:
            number = inf if isinstance(value, bool) or not isinstance(value, Real) else float(value)
        except OverflowError:
            number = inf
        if not isfinite(number):
            raise InputError(f"{spelled} {brief(value)}: not a finite number")
        return number


@dataclass(frozen=True, eq=False, repr=False)
class Size(Kind):
    """Numbers of bytes, written as ``2GB``, ``512MB`` or ``1.5 GB``."""

    type: type = int
    most = 10**15
    """Bytes, a thousand TB."""

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        return tuple(self._size(one, spelled) for one in text.split(","))

    def _size(self, text: str, spelled: str) -> int:
        found = re.fullmatch(r"\s*(\d{1,18}(?:\.\d{0,18})?)\s*([kMGT]?)i?B?\s*", text)
        size = float(found[1]) * 1000 ** " kMGT".index(found[2] or " ") if found else 0
        if size < 1:
            raise InputError(f"{spelled} {brief(text)}: not a size; write 2GB or 512MB")
        return self._within(int(size), text, spelled)

    def _of_value(self, value: Any, spelled: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise InputError(f"{spelled} {brief(value)}: not a size; write '2GB' or a number of bytes")
        return self._within(int(value), value, spelled)

    def _within(self, size: int, given: object, spelled: str) -> int:
        if size > self.most:
            raise InputError(f"{spelled} {brief(given)}: out of range; it can be at most {self.write(self.most)}")
        return size

    def write(self, value: Any) -> str:
        """In the largest unit in which it is a whole number."""
        if value is None:
            return "none"
        for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
            if value >= unit and value % unit == 0:
                return f"{value // unit}{name}"
        return str(value)


@dataclass(frozen=True, eq=False, repr=False)
class YesNo(Kind):
    """Yes or no; ``true`` or ``false`` where it is written."""

    type: type = bool
    has_names = True

    def names(self) -> Iterable[str]:
        """Both."""
        return ("true", "false")

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        values = {"true": True, "false": False}
        for one in ranges.names(text):
            if one.lower() not in values:
                raise InputError(f"{spelled} {brief(text)}: {brief(one)!r} is neither true nor false")
        return tuple(values[one.lower()] for one in ranges.names(text))

    def _of_value(self, value: Any, spelled: str) -> Any:
        if not isinstance(value, bool):
            raise InputError(f"{spelled} {brief(value)}: neither true nor false")
        return value


@dataclass(frozen=True, eq=False, repr=False)
class Word(Kind):
    """One of a few words.

    Attributes:
        words: that there are, or the ``"module:attribute"`` that holds them.
        kind: what they are, in messages.
    """

    words: Sequence[str] = ()
    kind: str = "word"

    def names(self) -> Sequence[str]:
        """The words."""
        return tuple(at(self.words)) if isinstance(self.words, str) else self.words

    has_names = True

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        found = ranges.names(text)
        for one in found:
            if one not in self.names():
                raise unknown_name(self.kind, one, self.names())
        return found


@dataclass(frozen=True, eq=False, repr=False)
class Named(Kind):
    """Registered parts, each with options as in ``alie:ddof=1``.

    Attributes:
        home: ``"module:attribute"`` of the registry; a mapping of another sort, such as the schemes, has no options.
        check: of the function that raises `InputError` for a name that is none; empty for the registry's own check.
        before: of the registry whose names may stand before the last, joined by +; empty for none.
        settings: options that are settings by themselves, which judge their values.
    """

    home: str = ""
    check: str = ""
    before: str = ""
    settings: tuple[str, ...] = ()

    @cached_property
    def registry(self) -> Any:
        """What there is."""
        return at(self.home)

    @cached_property
    def others(self) -> tuple[Registry[Any], ...]:
        """Registries whose names may stand before the last."""
        return (at(self.before),) if self.before else ()

    def names(self) -> Iterable[str]:
        """The registered names."""
        return tuple(self.registry)

    def names_before(self) -> Iterable[str]:
        """The names that may stand before the last."""
        return tuple(name for other in self.others for name in other)

    has_names = True

    def _of_text(self, text: str, spelled: str) -> tuple[Any, ...]:
        found = ranges.names(text)
        for one in found:
            part = parse_part(one)
            (at(self.check) if self.check else self.registry.check)(part.name)
            self._check_options(part)
        return found

    def _check_options(self, part: Part) -> None:
        """Refuse values of options that their part cannot have; which options there are, its builder says.

        A part of a mapping that is no registry has none.
        """
        if part.written and not isinstance(self.registry, Registry):
            raise InputError(f"{brief(part.name)!r} takes no options; write it alone")
        *before, last = part.name.split("+") if self.others else [part.name]
        steps = [(other, name) for name in before for other in self.others if name in other]
        options = {option: value for option, value in part.written if option not in self.settings}
        for registry, name in [*steps, (self.registry, last)]:
            if options and isinstance(registry, Registry):
                registry.check_options(name, options, written=True)
