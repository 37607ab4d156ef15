"""A part that came from a plugin, and the message that names it when it does not work."""

import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aspis_sim.errors import DataError, InputError, PluginError
from aspis_sim.printable import printable

T = TypeVar("T")
LONGEST = 160
"""Characters of a plugin's own message that are repeated."""

ON_TRACED_VALUES = ("TracerBoolConversionError", "TracerIntegerConversionError", "ConcretizationTypeError")
"""What JAX raises where Python needs the value of an array that is only traced."""


@dataclass(frozen=True)
class Part:
    """A registered part of a plugin.

    Attributes:
        plugin: name of the plugin.
        kind: as its registry calls it, ``"rule"``.
        name: as it is registered.
    """

    plugin: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"plugin {self.plugin}: {self.kind} {self.name!r}"

    def refuses(self, what: str) -> PluginError:
        """The error for a part that does not do what its kind does; ``what`` continues the sentence."""
        return PluginError(f"{self} {what}")

    @contextmanager
    def blamed(self) -> Generator[None]:
        """Name the part in what the code inside raises.

        Raises:
            InputError, DataError: the plugin raised one on purpose.
            PluginError: it raised anything else.
        """
        try:
            yield
        except PluginError:
            raise
        except (InputError, DataError) as error:
            raise type(error)(f"{self}: {one_line(error)}") from error
        except (Exception, SystemExit) as error:
            if type(error).__name__ in ON_TRACED_VALUES:
                raise self.refuses(
                    f"decides in Python (an if, a while, and, or, bool) on a value that JAX only knows when the "
                    f"compiled program runs{_where(error)}; use jnp.where or jax.lax.cond in its place"
                ) from error
            raise self.refuses(f"raised {type(error).__name__}: {one_line(error)}") from error

    def blaming(self, function: Callable[..., T]) -> Callable[..., T]:
        """The function, with the part named in what it raises."""

        @wraps(function)
        def run(*arguments: Any, **options: Any) -> T:
            with self.blamed():
                return function(*arguments, **options)

        return run

    def array(self, value: Any, shape: tuple[int, ...], dtype: Any, what: str) -> None:
        """Refuse a value that is no array of this shape and type.

        Raises:
            PluginError: says what it is instead.
        """
        if getattr(value, "shape", None) != shape or getattr(value, "dtype", None) != dtype:
            sizes = ", ".join(map(str, shape))
            raise self.refuses(f"returned {described(value)} as {what}, not {np.dtype(dtype).name}[{sizes}]")


def _where(error: BaseException) -> str:
    """The line of the plugin's file that raised an error; empty if it cannot be told."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "/jax/" not in one.filename]
    return f" (line {frames[-1].lineno} of {Path(frames[-1].filename).name})" if frames else ""


def one_line(error: BaseException) -> str:
    """The text of an exception on one line, without control characters, cut where it is long."""
    text = readable(str(error))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def readable(text: str) -> str:
    """Text on one line, without control characters."""
    return printable(" ".join(text.split()), "")


def described(value: Any) -> str:
    """An array as ``float32[3, 4]``, anything else by its type."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and dtype is not None:
        return f"{dtype}[{', '.join(map(str, shape))}]"
    return f"a {type(value).__name__}"


def unless_broken(figure: Callable[[], T]) -> T | None:
    """What the function gives, None if a plugin in it does not work."""
    try:
        return figure()
    except PluginError:
        return None
