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
from typing import Any, Generic, TypeVar

from aspis_sim.errors import InputError
from aspis_sim.printable import printable

Traits = TypeVar("Traits")


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Build the error for a name that is not registered, with the nearest names that are."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower().replace("_", "-"), names, n=2, cutoff=0.5) or (
        difflib.get_close_matches(name.lower().replace("-", "_"), names, n=2, cutoff=0.5)
    )
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    return InputError(f"unknown {kind} {name!r}; {hint}")


@dataclass
class Registry(Mapping[str, Callable[..., Any]], Generic[Traits]):
    """The parts of one kind, by name: a read-only mapping from a name to the factory that builds the part.

    Args:
        kind: what the parts are, in the singular, for messages ("assignment", "rule").
        entries: name -> ``"module:attribute"`` of a callable.
        usual: what a part of this kind can do unless it says otherwise; None for a kind of which nobody asks.
        special: name -> what this part can do, where that is not the usual.
    """

    kind: str
    entries: dict[str, str]
    usual: Traits | None = None
    special: dict[str, Traits] = field(default_factory=dict)
    _loaded: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        if name not in self.entries and name not in self._loaded:
            raise unknown_name(self.kind, name, self)
        if name not in self._loaded:
            module, attribute = self.entries[name].split(":")
            self._loaded[name] = getattr(importlib.import_module(module), attribute)
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
        """Build the part ``name``; a parameter that it does not take is an `InputError`."""
        factory = self[name]
        signature = _signature(factory)
        try:
            signature.bind(**parameters)
        except TypeError as error:
            takes = ", ".join(signature.parameters) or "none"
            raise InputError(f"{self.kind} {name!r}: {error}; its parameters: {takes}") from None
        return factory(**parameters)

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
    return inspect.signature(factory)
