"""A part with its options as they are written: ``krum:f=3``, ``nnm+krum:f=3:beyond=2``, ``alie:ddof=1``."""

from functools import lru_cache
from typing import NamedTuple

from aspis_sim.errors import InputError

Option = int | float | bool | str | None
Parameters = tuple[tuple[str, Option], ...]


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
        InputError: an option without a name or a value, or the same option twice.
    """
    name, *written = text.split(":")
    options: dict[str, Option] = {}
    for one in written:
        key, equals, value = one.partition("=")
        if not (key and equals and value):
            raise InputError(f"{text!r}: {one!r} is no option; write name:option=value, as in krum:f=3")
        if key in options:
            raise InputError(f"{text!r}: the option {key} stands twice")
        options[key] = _value(value)
    return Part(name, tuple(options.items()))


def _value(text: str) -> Option:
    words: dict[str, Option] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
