"""Which parts came from which plugin, and the only way into the registries for them."""

import hashlib
import inspect
import re
import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from aspis_sim.aggregation import steps_of
from aspis_sim.assignment import ASSIGNMENTS
from aspis_sim.detection import DETECTORS
from aspis_sim.errors import InputError
from aspis_sim.plugin.guards import KINDS
from aspis_sim.plugin.part import Part, described, readable
from aspis_sim.schemes import SCHEMES, Scheme

Factory = TypeVar("Factory", bound=Callable[..., object])

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""What plugins and their parts may be called: such a name is safe in a table, a file name, HTML and a shell."""

SCHEME = "scheme"


@dataclass(frozen=True)
class Source:
    """Where a plugin's parts come from.

    Attributes:
        name: of the plugin: a file's name without ``.py``, or an entry point's.
        sha256: of its source; something random where no source is to be had, so that it equals nothing.
        path: of its file, None without one.
    """

    name: str
    sha256: str
    path: Path | None = None


class Register(Protocol):
    """A decorator that registers a factory and gives it back."""

    def __call__(self, factory: Factory, /) -> Factory:
        """Register the factory; raises `InputError` if the name is taken."""


class _Key(NamedTuple):
    kind: str
    name: str


_sources: dict[_Key, Source] = {}
_loaded: dict[str, Source] = {}
_loading: list[Source] = []


def loaded() -> tuple[tuple[str, str], ...]:
    """Name and SHA-256 of the source of every plugin in this process, by name."""
    return tuple(sorted((source.name, source.sha256) for source in _loaded.values()))


def paths() -> tuple[Path, ...]:
    """The files that `load` has read, for another process to load as well."""
    return tuple(source.path for source in _loaded.values() if source.path is not None)


def source_of(kind: str, name: str) -> Source | None:
    """The plugin that a part came from, None for a built-in one; ``kind`` as its registry calls it."""
    return _sources.get(_Key(kind, name))


def known(name: str) -> Source | None:
    """The plugin of this name, if it is loaded."""
    return _loaded.get(name)


def checked_name(name: object, what: str) -> str:
    """A name that plugins and their parts may have.

    Raises:
        InputError: it is another.
    """
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    raise InputError(
        f"{what} {ascii(name)[:60]}: no such name; it is a small letter, then up to 39 small letters, digits, - or _"
    )


@contextmanager
def loading(source: Source) -> Generator[None]:
    """Count what is registered inside as parts of this plugin; if it raises, nothing of it stays registered."""
    _loading.append(source)
    try:
        yield
        for key in [key for key, its in _sources.items() if its is source and key.kind == SCHEME]:
            _check_scheme(key.name, source)
    except BaseException:
        forget(source)
        raise
    finally:
        _loading.pop()
    _loaded[source.name] = source


def forget(source: Source) -> None:
    """Take all parts of a plugin out of the registries."""
    for key in [key for key, its in _sources.items() if its is source]:
        del _sources[key]
        if key.kind == SCHEME:
            del SCHEMES[key.name]
        else:
            KINDS[key.kind].registry.discard(key.name)
    _loaded.pop(source.name, None)


def add(kind: str, name: str, traits: Any = None) -> Register:
    """A decorator that registers a factory as a part of this kind, with what it can do where that is not the usual."""

    def register(factory: Factory) -> Factory:
        source = _loading[-1] if _loading else _source_of_code(factory)
        where = f"plugin {source.name}: {kind}"
        checked_name(name, where)
        if name in KINDS[kind].reserved:
            raise InputError(f"{where} {name!r}: the name is used for something else; take another name")
        if not callable(factory):
            raise InputError(f"{where} {name!r}: expected a function that makes it, not {described(factory)}")
        try:
            KINDS[kind].registry.add(name, KINDS[kind].guard(Part(source.name, kind, name), factory), traits)
        except InputError as error:
            raise InputError(f"plugin {source.name}: {error}") from None
        _note(_Key(kind, name), source)
        return factory

    return register


def add_scheme(name: str, family: str, summary: str, fills: Mapping[str, Any]) -> None:
    """Register a scheme; arguments as the fields of an `aspis_sim.schemes.Scheme`.

    Raises:
        InputError: the name is taken or may not be used.
    """
    source = _loading[-1] if _loading else Source("python", secrets.token_hex(32))
    checked_name(name, f"plugin {source.name}: scheme")
    if name in SCHEMES:
        raise InputError(f"plugin {source.name}: the scheme {name!r} exists already; take another name")
    SCHEMES[name] = Scheme(name, family or name, readable(summary), fills=dict(fills))
    _note(_Key(SCHEME, name), source)
    if not _loading:
        _check_scheme(name, source)


def _note(key: _Key, source: Source) -> None:
    _sources[key] = source
    if not _loading:
        _loaded[source.name] = source


def _check_scheme(name: str, source: Source) -> None:
    fills = SCHEMES[name].fills
    try:
        ASSIGNMENTS.check(str(fills["assignment"]).partition(":")[0])
        DETECTORS.check(str(fills["detector"]))
        steps_of(str(fills["rule"]).partition(":")[0])
    except InputError as error:
        raise InputError(f"plugin {source.name}: scheme {name!r}: {error}") from None


def _source_of_code(factory: Callable[..., object]) -> Source:
    """The plugin that a factory is which nobody loads: its module, as it stands in its file."""
    name = getattr(factory, "__module__", None) or "python"
    try:
        file = inspect.getsourcefile(factory)
        content = Path(file).read_bytes() if file else None
    except (TypeError, OSError):
        content = None
    return Source(name, secrets.token_hex(32) if content is None else hashlib.sha256(content).hexdigest())
