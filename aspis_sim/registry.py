"""One table of names per kind of part, read by the library, the command line and its help alike.

An entry is kept as the text ``"module:attribute"`` and imported when it is first asked for, so that listing
names or checking one costs no import of jax.
"""

import difflib
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from aspis_sim.errors import InputError
from aspis_sim.printable import brief, printable

Traits = TypeVar("Traits")

PLUGINS = "aspis_sim.plugins"
"""Group of entry points of installed packages: each names the module of a plugin, which registers parts."""

LONGEST_NAME = 60
"""Characters of a name that are compared with those that there are."""

PLAIN = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", NoneType: "none"}
"""What options can be, and how messages call it."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Build the error for a name that is not registered, with the nearest names that are."""
    names = sorted(known)
    asked = name[:LONGEST_NAME].lower()
    near = _near(asked.replace("_", "-"), names) or _near(asked.replace("-", "_"), names)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    return InputError(f"unknown {kind} {brief(name)!r}; {hint}")


def _near(asked: str, names: list[str]) -> list[str]:
    """The two nearest names: alike in most of their letters, or in half of them and in the first."""
    spelt = {name.lower(): name for name in names}
    alike = difflib.get_close_matches(asked, spelt, n=2, cutoff=0.7)
    looser = difflib.get_close_matches(asked, spelt, n=2, cutoff=0.5)
    near = [*alike, *(one for one in looser if one[:1] == asked[:1] and one not in alike)][:2]
    return [spelt[one] for one in near]


def at(home: str) -> Any:
    """What is at ``"module:attribute"``; the module is imported."""
    module, attribute = home.split(":")
    return getattr(importlib.import_module(module), attribute)


@dataclass
class Registry(Mapping[str, Callable[..., Any]], Generic[Traits]):
    """The parts of one kind, by name: a read-only mapping from a name to the factory that builds the part.

    Args:
        kind: what the parts are, in the singular, for messages ("assignment", "rule").
        entries: name -> ``"module:attribute"`` of a callable.
        usual: what a part of this kind can do unless it says otherwise; None for a kind of which nobody asks.
        special: name -> what this part can do, where that is not the usual.
        filled: parameters that whoever builds the part gives, so that they are no options where it is written.
    """

    kind: str
    entries: dict[str, str]
    usual: Traits | None = None
    special: dict[str, Traits] = field(default_factory=dict)
    filled: tuple[str, ...] = ()
    _loaded: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        if name not in self.entries and name not in self._loaded:
            raise unknown_name(self.kind, name, self)
        if name not in self._loaded:
            self._loaded[name] = at(self.entries[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries

    def __len__(self) -> int:
        return len(self.entries)

    def check(self, name: str) -> str:
        """Return ``name`` if it is registered, without importing it; raise `InputError` otherwise."""
        if name not in self.entries:
            raise unknown_name(self.kind, name, self)
        return name

    def traits(self, name: str) -> Traits:
        """What the part ``name`` can do, known without importing it.

        Raises:
            InputError: unknown name (the nearest is named).
        """
        found = self.special.get(self.check(name), self.usual)
        assert found is not None, f"nothing is declared of a {self.kind}"
        return found

    def add(self, name: str, factory: Callable[..., Any], traits: Traits | None = None) -> None:
        """Register a part that is no text ``"module:attribute"``; a name is given once.

        Raises:
            InputError: the name is taken.
        """
        if name in self.entries:
            raise InputError(f"the {self.kind} {name!r} exists already; take another name")
        self.entries[name] = f"{factory.__module__}:{getattr(factory, '__qualname__', name)}"
        self._loaded[name] = factory
        if traits is not None:
            self.special[name] = traits

    def discard(self, name: str) -> None:
        """Take a part that was added out again."""
        self.entries.pop(name, None)
        self.special.pop(name, None)
        self._loaded.pop(name, None)

    def build(self, name: str, **parameters: Any) -> Any:
        """Build the part ``name``.

        Raises:
            InputError: unknown name, a parameter that it does not take, or a value that its signature excludes.
        """
        factory = self[name]
        signature = _signature(factory)
        try:
            signature.bind(**parameters)
        except TypeError as error:
            takes = ", ".join(signature.parameters) or "none"
            raise InputError(f"{self.kind} {name!r}: {error}; its parameters: {takes}") from None
        self.check_options(name, parameters)
        return factory(**parameters)

    def check_options(self, name: str, options: Mapping[str, Any], *, written: bool = False) -> None:
        """Refuse values that the annotations of the part ``name`` exclude; those that it does not take are passed over.

        Args:
            name: a registered part.
            options: parameter -> value; one that is no number, text, truth value or None is for the part to judge.
            written: whether they stand in the part's spelling, where those that are `filled` have no place.

        Raises:
            InputError: unknown name, or such a value; says what the parameter can be.
        """
        takes = _signature(self[name]).parameters
        for option, value in options.items():
            if written and option in self.filled:
                own = ", ".join(one for one in takes if one not in self.filled) or "none"
                raise InputError(f"{self.kind} {name!r}: {option} is filled in from the settings; its options: {own}")
            if option in takes and (wanted := _excluded(takes[option].annotation, value)):
                usual = takes[option].default
                listed = isinstance(usual, str) and usual in wanted
                example = "" if listed or usual in (inspect.Parameter.empty, None) else f", such as {usual}"
                raise InputError(f"{self.kind} {name!r}: {option}={brief(value)}; it is {wanted}{example}")

    def accepts(self, name: str, parameter: str) -> bool:
        """Whether the part ``name`` takes a parameter of this name."""
        return parameter in _signature(self[name]).parameters

    def default(self, name: str, parameter: str) -> Any:
        """The default of a parameter of the part ``name``."""
        return _signature(self[name]).parameters[parameter].default

    def summary(self, name: str) -> str:
        """First sentence of the part's docstring."""
        first = (inspect.getdoc(self[name]) or "").split("\n\n")[0].replace("\n", " ")
        return printable(first, "")


@lru_cache(maxsize=1000)
def _signature(factory: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(factory, eval_str=True)
    except Exception:  # an annotation that only type checkers can read; then it excludes nothing
        return inspect.signature(factory)


def _excluded(annotation: Any, value: Any) -> str:
    """What a value would have to be by an annotation; empty if it may be what it is, or nothing is known."""
    if annotation is inspect.Parameter.empty or not isinstance(value, str | bool | Real | NoneType):
        return ""
    union = get_origin(annotation) in (Union, UnionType)
    allowed = get_args(annotation) if union else (NoneType if annotation is None else annotation,)
    words = [word for one in allowed if get_origin(one) is Literal for word in get_args(one)]
    plain = [one for one in allowed if one in PLAIN]
    if not (plain or words) or value in words or any(map(_is_a(value), plain)):
        return ""
    named = [PLAIN[one] for one in plain]
    return " or ".join(([f"one of those known: {', '.join(map(str, words))}"] if words else []) + named)


def _is_a(value: Any) -> Callable[[type], bool]:
    """Whether a value is of one of the `PLAIN` types: a whole number is a number, a truth value is none."""
    kinds: dict[type, Any] = {int: Integral, float: Real}
    return lambda kind: isinstance(value, kinds.get(kind, kind)) and (kind is bool or not isinstance(value, bool))
