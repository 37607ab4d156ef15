"""The pickles of the CIFAR archives, read without running anything that a pickle names.

A pickle is a program, and an ordinary unpickler calls what it is told to. The batches need dictionaries, lists,
numbers, strings and one kind of NumPy array; here other instructions are refused before any is carried out, and the
three names that an array's pickle contains stand for classes of this module, which call nothing.
"""

import io
import pickle
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError

_INSTRUCTIONS = frozenset(
    {
        *("PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1"),
        *("BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES", "SHORT_BINBYTES"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
        *("BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET"),
    }
)
MOST_REMEMBERED = 10_000_000
"""Objects that a pickle may number; an unpickler makes room for the highest number at once."""


class _Kind:
    """Stands for NumPy's dtype: keeps the code it is made of."""

    def __init__(self, code: Any = "", *flags: Any) -> None:
        self.code = code.decode("latin1") if isinstance(code, bytes) else code

    def __setstate__(self, state: Any) -> None:
        """Byte order and the like: no matter for bytes."""


class _Array:
    """Stands for NumPy's ndarray and the function that makes an empty one: keeps what it is filled with."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Bytes(bytes):
    """Stands for the function by which Python 3 writes bytes in Python 2's format."""

    def __new__(cls, text: str = "", codec: str = "latin1") -> "_Bytes":
        return super().__new__(cls, text.encode("latin1"))

    def __setstate__(self, state: Any) -> None:
        pass


_NAMES: dict[tuple[str, str], type] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Kind,
    ("_codecs", "encode"): _Bytes,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            raise DataError(f"its pickle names {module}.{name}, which no such file needs")
        return _NAMES[module, name]


def batch(content: bytes) -> dict[str, Any]:
    """The dictionary in a pickled batch: texts as keys, arrays of bytes ``[rows, columns]``, lists, numbers, bytes.

    Raises:
        DataError: it is no such pickle; the text says why and names no file.
    """
    try:
        for instruction, argument, _ in pickletools.genops(content):
            if instruction.name not in _INSTRUCTIONS:
                raise DataError(f"its pickle has the instruction {instruction.name}, which no such file needs")
            if instruction.name == "LONG_BINPUT" and isinstance(argument, int) and argument > MOST_REMEMBERED:
                raise DataError("its pickle numbers absurdly many objects")
        found = _Unpickler(io.BytesIO(content), encoding="bytes").load()
        if not isinstance(found, dict):
            raise DataError(f"its pickle holds no dictionary but a {type(found).__name__}")
        return {_text(key): _plain(value) for key, value in found.items()}
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"it is no whole pickle ({type(error).__name__}: {error})") from None


def _text(key: Any) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


def _plain(value: Any) -> Any:
    return _pixels(value) if isinstance(value, _Array) else value


def _pixels(array: _Array) -> NDArray[np.uint8]:
    if not (isinstance(array.state, tuple) and len(array.state) == 5):
        raise DataError("its array is never filled")
    _, shape, kind, by_columns, content = array.state
    sizes = isinstance(shape, tuple) and len(shape) == 2 and all(type(size) is int and size >= 0 for size in shape)
    if not sizes or not isinstance(kind, _Kind) or kind.code != "u1" or by_columns or not isinstance(content, bytes):
        raise DataError("its array is none of bytes in rows and columns")
    if len(content) != shape[0] * shape[1]:
        raise DataError(f"its array has {len(content):,} bytes for {shape[0]:,} rows of {shape[1]:,}")
    return np.frombuffer(content, np.uint8).reshape(shape)
