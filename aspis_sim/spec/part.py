"""A part with its options as they are written: ``krum:f=3``, ``nnm+krum:f=3:beyond=2``, ``alie:ddof=1``."""

from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from aspis_sim.errors import InputError
from aspis_sim.printable import brief

Option = int | float | bool | str | None
Parameters = tuple[tuple[str, Option], ...]

LARGEST = 10**18
"""No option counts further than this."""


class Part(NamedTuple):
    """A part's name and its options.

    Attributes:
        name: registered name, or several joined by +.
        written: (option, value), in the order in which they are written.
    """

    name: str
    written: Parameters

    @property
    def options(self) -> dict[str, Option]:
        """Option -> value, in the order in which they are written."""
        return dict(self.written)

    @property
    def parameters(self) -> Parameters:
        """(option, value), by option."""
        return tuple(sorted(self.written))


@lru_cache(maxsize=4096)
def parse_part(text: str) -> Part:
    """Read ``name:option=value:option=value``; values are whole numbers, numbers, true, false, none or words.

    Raises:
        InputError: an option without a name or a value, a number that is not finite or has more than 18 digits, or the
            same option twice.
    """
    name, *written = text.split(":")
    options: dict[str, Option] = {}
    for one in written:
        key, equals, value = one.partition("=")
        if not (key and equals and value):
            raise InputError(f"{brief(text)!r}: {brief(one)!r} is no option; write name:option=value, as in krum:f=3")
        if key in options:
            raise InputError(f"{brief(text)!r}: the option {brief(key)} stands twice; leave one out")
        options[key] = _value(value, f"{brief(text)!r}: {brief(one)}")
    return Part(name, tuple(options.items()))


def _value(text: str, shown: str) -> Option:
    words: dict[str, Option] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if not (abs(value) <= LARGEST if isinstance(value, int) else isfinite(value)):
            raise InputError(f"{shown} is out of range; options are finite numbers, whole ones of 18 digits at most")
        return value
    return text
