"""Plugins from files and from installed packages."""

import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable
from contextlib import redirect_stdout
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from aspis_sim.errors import InputError
from aspis_sim.files import read_bounded
from aspis_sim.plugin.part import one_line
from aspis_sim.plugin.register import Source, checked_name, known, loading
from aspis_sim.registry import PLUGINS

LARGEST = 10**7
"""Bytes of the largest file that is read."""


class Failure(NamedTuple):
    """An installed plugin that could not be loaded.

    Attributes:
        name: of the entry point.
        reason: in one sentence.
    """

    name: str
    reason: str


def load(path: str | Path) -> Source:
    """Run a file of Python and register what it registers; the same file once only.

    What the file prints goes to stderr. It sees no folder of its own on the path of modules, so that what it imports is
    installed.

    Raises:
        InputError: the file cannot be read or run, or a name in it is taken or may not be used.
    """
    path = Path(path)
    if path.suffix != ".py":
        raise InputError(f"plugin {_shown(path)}: a plugin is a file of Python, as in `plugin=my_rule.py`")
    name = checked_name(path.stem, "plugin")
    try:
        content = read_bounded(path, LARGEST, "plugin")
    except OSError as error:
        raise InputError(f"plugin {_shown(path)} cannot be read: {error.strerror}") from None
    source = Source(name, hashlib.sha256(content).hexdigest(), path.resolve())
    before = known(name)
    if before == source:
        return before
    if before is not None and before.path == source.path:
        raise InputError(f"plugin {name} has changed since it was loaded; start a new process to load it anew")
    if before is not None:
        raise InputError(f"two plugins are called {name}: {_shown(before.path or name)} and {_shown(path)}; rename one")
    module = ModuleType(f"aspis_sim_plugins.{name}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        with loading(source), redirect_stdout(sys.stderr):
            exec(compile(content, str(path), "exec"), module.__dict__)
    except BaseException as error:
        del sys.modules[module.__name__]
        raise _unfit(name, error, str(path)) from error
    return source


def installed() -> list[Failure]:
    """Load the plugins of installed packages that are not loaded yet; gives those that cannot be."""
    failures = []
    for point in _once(entry_points(group=PLUGINS)):
        try:
            _load_installed(point)
        except InputError as error:
            failures.append(Failure(point.name, str(error)))
    return failures


def _load_installed(point: EntryPoint) -> None:
    name = checked_name(point.name, "plugin")
    if known(name) is not None:
        return
    try:
        found = importlib.util.find_spec(point.module)
        content = Path(found.origin).read_bytes() if found and found.origin else point.value.encode()
        with loading(Source(name, hashlib.sha256(content).hexdigest())), redirect_stdout(sys.stderr):
            importlib.import_module(point.module)
    except BaseException as error:
        sys.modules.pop(point.module, None)
        raise _unfit(name, error) from error


def _once(points: Iterable[EntryPoint]) -> Iterable[EntryPoint]:
    """Each entry point once, also where a package is found in two places."""
    return {(point.name, point.value): point for point in points}.values()


def _unfit(name: str, error: BaseException, file: str | None = None) -> BaseException:
    """The error to raise for one that came while a plugin was loaded."""
    if isinstance(error, InputError):
        return error if str(error).startswith("plugin ") else InputError(f"plugin {name}: {one_line(error)}")
    if not isinstance(error, (Exception, SystemExit)):
        return error
    line = error.lineno if isinstance(error, SyntaxError) else _line(error, file)
    where = "" if line is None else f", line {line}"
    return InputError(f"plugin {name}{where}: {type(error).__name__}: {one_line(error)}")


def _line(error: BaseException, file: str | None) -> int | None:
    """The last line of the plugin's file that took part in the error."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return lines[-1] if lines else None


def _shown(path: str | Path) -> str:
    text = str(path)
    return text if text.isprintable() else ascii(text)
