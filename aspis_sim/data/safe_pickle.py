"""The pickles of the CIFAR archives, read without running anything that a pickle names.

A pickle is a program, and an ordinary unpickler calls what it is told to. The batches need dictionaries, lists,
numbers, strings and NumPy arrays, as Python 2 or any later Python with any NumPy wrote them; here a machine of this
module carries out the few instructions that make those. All others are refused, and the names that NumPy's pickles
contain stand for functions of this module, which keep what they are given. Only texts are keys, so nothing that is
nested is ever hashed, and instructions are counted, so that a small file does not fill the memory.
"""

import math
import pickletools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_AS_GIVEN = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE", "SHORT_BINUNICODE"),
        *("BINBYTES", "SHORT_BINBYTES", "BYTEARRAY8"),
    }
)
_OF_PYTHON_2 = frozenset({"BINSTRING", "SHORT_BINSTRING"})
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUT, _GET = frozenset({"BINPUT", "LONG_BINPUT"}), frozenset({"BINGET", "LONG_BINGET"})

MOST_INSTRUCTIONS = 2_000_000
"""Instructions of a pickle, and objects that it may number. The largest official one has some 200,000; lists of NumPy's
numbers in the place of its labels take up to 14 for each."""

INTEGERS = frozenset({f"{sign}{size}" for sign in "iu" for size in (1, 2, 4, 8)})
"""NumPy's codes of whole numbers, without the byte order."""


@dataclass(eq=False)
class _Kind:
    """Stands for NumPy's dtype: its code without the byte order, and the byte order."""

    code: str
    order: str = "<"

    def fill(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and _text(state[1]) in ("<", ">", "|"):
            self.order = _text(state[1])


@dataclass(eq=False)
class Array:
    """Stands for NumPy's array: what it is filled with, which nobody has looked at yet."""

    state: Any = None

    def fill(self, state: Any) -> None:
        """Take what a pickle fills it with."""
        self.state = state

    def values(self, axes: int, codes: Collection[str], what: str) -> NDArray[Any]:
        """Its values.

        Args:
            axes: number of axes that it must have.
            codes: of the kinds of numbers that it may have, such as ``u1``.
            what: such an array is, for messages.

        Raises:
            DataError: it is no such array, or has another length than it says.
        """
        if not (isinstance(self.state, tuple) and len(self.state) == 5):
            raise DataError("its array is never filled")
        _, shape, kind, by_columns, content = self.state
        sizes = isinstance(shape, tuple) and len(shape) == axes and all(type(one) is int and one >= 0 for one in shape)
        fits = isinstance(kind, _Kind) and kind.code in codes and not by_columns
        if not sizes or not fits or not isinstance(content, (bytes, bytearray)):
            raise DataError(f"its array is none of {what}")
        dtype = np.dtype(f"{kind.order}{kind.code}")
        if len(content) != math.prod(shape) * dtype.itemsize:
            said = " × ".join(f"{size:,}" for size in shape)
            raise DataError(f"its array has {len(content):,} bytes for {said} values of {dtype.itemsize}")
        return np.frombuffer(content, dtype).reshape(shape)


def _kind(code: Any, *flags: Any) -> _Kind:
    return _Kind(_text(code))


def _array(*arguments: Any) -> Array:
    return Array()


def _filled_array(content: Any, kind: Any, shape: Any, order: Any) -> Array:
    return Array((1, shape, kind, order != "C", content))


def _number(kind: Any, content: Any) -> int:
    if not isinstance(kind, _Kind) or kind.code not in INTEGERS or len(content) != int(kind.code[1]):
        raise DataError("its pickle has a number that is not whole")
    return int.from_bytes(content, "big" if kind.order == ">" else "little", signed=kind.code[0] == "i")


def _bytes(text: Any, codec: Any) -> bytes:
    """What Python 3 makes of bytes in Python 2's format."""
    return bytes(text.encode("latin1"))


_NAMES: dict[str, Callable[..., Any]] = {
    "numpy ndarray": _array,
    "numpy dtype": _kind,
    "_codecs encode": _bytes,
    **{f"numpy.{core}.multiarray _reconstruct": _array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray scalar": _number for core in ("core", "_core")},
    **{f"numpy.{core}.numeric _frombuffer": _filled_array for core in ("core", "_core")},
}


def batch(content: bytes) -> dict[str, Any]:
    """The dictionary in a pickled batch: texts as keys; arrays, which are still to be looked at, lists, numbers, bytes.

    Raises:
        DataError: it is no such pickle; the text says why and names no file.
    """
    machine = _Machine()
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(content)):
            if count >= MOST_INSTRUCTIONS:
                raise DataError(f"its pickle has more than {MOST_INSTRUCTIONS:,} instructions")
            machine.carry_out(instruction.name, argument)
        (found,) = machine.stack
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"it is no whole pickle ({type(error).__name__}: {error})") from None
    if not isinstance(found, dict):
        raise DataError(f"its pickle holds no dictionary but a {type(found).__name__}")
    return {_text(key): value for key, value in found.items()}


class _Machine:
    """What an unpickler is: a stack, marks on it, and a memory of numbered objects."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def carry_out(self, name: str, argument: Any) -> None:
        """One instruction.

        Raises:
            DataError: no batch needs it.
        """
        stack, memory = self.stack, self.memory
        if name in _AS_GIVEN:
            stack.append(argument)
        elif name in _GET:
            stack.append(memory[argument])
        elif name in _PUT or name == "MEMOIZE":
            self._remember(len(memory) if argument is None else argument)
        elif name in _OF_PYTHON_2:
            stack.append(argument.encode("latin1"))
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            stack.append(tuple(self._last(_TUPLES[name])))
        else:
            self._make(name, argument)

    def _make(self, name: str, argument: Any) -> None:
        stack = self.stack
        match name:
            case "PROTO" | "FRAME" | "STOP":
                pass
            case "MARK":
                self.marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(self._marked()))
            case "APPEND" | "APPENDS":
                items = self._marked() if name == "APPENDS" else self._last(1)
                _is(stack[-1], list).extend(items)
            case "SETITEM" | "SETITEMS":
                items = self._marked() if name == "SETITEMS" else self._last(2)
                for key, value in zip(items[::2], items[1::2], strict=True):
                    _is(stack[-1], dict)[_is(key, str, bytes)] = value
            case "GLOBAL" | "STACK_GLOBAL":
                stack.append(_named(" ".join(self._last(2)) if argument is None else argument))
            case "REDUCE":
                function, arguments = self._last(2)
                if function not in _NAMES.values():
                    raise DataError("its pickle calls what is no name")
                stack.append(function(*_is(arguments, tuple)))
            case "BUILD":
                (state,) = self._last(1)
                _is(stack[-1], Array, _Kind).fill(state)
            case _:
                raise DataError(f"its pickle has the instruction {name}, which no such file needs")

    def _remember(self, number: int) -> None:
        if number > MOST_INSTRUCTIONS:
            raise DataError("its pickle numbers absurdly many objects")
        self.memory[number] = self.stack[-1]

    def _last(self, count: int) -> list[Any]:
        """Take so many objects from the stack."""
        if len(self.stack) < count:
            raise ValueError("the stack is empty")
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def _marked(self) -> list[Any]:
        """Take the objects above the last mark."""
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items


def _named(name: str) -> Callable[..., Any]:
    if name not in _NAMES:
        raise DataError(f"its pickle names {name.replace(' ', '.')}, which no such file needs")
    return _NAMES[name]


def _is(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds):
        raise DataError(f"its pickle has a {type(value).__name__} where {kinds[0].__name__} belongs")
    return value


def _text(value: Any) -> str:
    found = _is(value, str, bytes)
    return found.decode("latin1") if isinstance(found, bytes) else str(found)
