"""The little of MATLAB's version 5 files that images need: numeric arrays at the top level, compressed or not.

scipy.io reads all of the format, and makes arrays as large as the file claims; here only what is wanted is read, in
pieces, after its sizes were looked at, and whatever is wrong ends in one kind of error.
"""

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_MATRIX, _COMPRESSED = 14, 15
_NUMERIC = range(6, 16)
"""Array classes of plain numbers, double to uint64."""

MOST_ARRAYS = 1000
"""Arrays at the top level of a file; an official one has two."""

_PIECE = 1 << 16


class _Stream(Protocol):
    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True)
class Array:
    """An array whose values have not been read yet.

    Attributes:
        name: the variable's.
        shape: its sizes; the first varies fastest.
        kind: NumPy's code of how a value is stored.
        stream: stands at the first value.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    stream: _Stream

    def values(self, count: int) -> NDArray[np.generic]:
        """The next ``count`` values.

        Raises:
            DataError: the file ends before.
        """
        return np.frombuffer(_exactly(self.stream, count * np.dtype(self.kind).itemsize), self.kind)


def arrays(file: BinaryIO, names: Collection[str]) -> Iterator[Array]:
    """The arrays of these ``names`` in the order of the file; each is to be read before the next is asked for.

    Raises:
        DataError: it is no such file, or is cut short; the text says why and names no file.
    """
    header = file.read(128)
    if len(header) < 128 or header[126:128] not in (b"IM", b"MI"):
        raise DataError("it is no MATLAB file of version 5")
    order = "<" if header[126:128] == b"IM" else ">"
    if struct.unpack(f"{order}H", header[124:126])[0] != 0x0100:
        raise DataError("it is no MATLAB file of version 5")
    count = 0
    while tag := file.read(8):
        count += 1
        if len(tag) < 8:
            raise DataError("it is cut short")
        if count > MOST_ARRAYS:
            raise DataError(f"it has more than {MOST_ARRAYS:,} arrays")
        kind, size = struct.unpack(f"{order}II", tag)
        begin = file.tell()
        if begin + size > file.seek(0, 2):
            raise DataError("it is cut short")
        file.seek(begin)
        stream: _Stream = _Bounded(file, size)
        if kind == _COMPRESSED:
            stream = _Inflated(stream)
            kind, _ = struct.unpack(f"{order}II", _exactly(stream, 8))
        if kind == _MATRIX:
            array = _array(stream, order, names)
            if array is not None:
                yield array
                if isinstance(stream, _Inflated):
                    stream.finish()
        file.seek(begin + size)


def _array(stream: _Stream, order: str, names: Collection[str]) -> Array | None:
    """The array that begins here, None if it has another name."""
    flags = _element(stream, order)
    sizes = _element(stream, order)
    shape = np.frombuffer(sizes[: len(sizes) & ~3], f"{order}i4")
    name = _element(stream, order).decode("latin1")
    if name not in names:
        return None
    if len(flags) < 4 or flags[0 if order == "<" else 3] not in _NUMERIC:
        raise DataError(f"{name} is no array of numbers")
    if flags[1 if order == "<" else 2] & 0x08:
        raise DataError(f"{name} holds complex numbers")
    if not 2 <= len(shape) <= 8 or shape.min() < 0:
        raise DataError(f"the array {name!r} has absurd sizes")
    kind, size, small = _tag(stream, order)
    whole = tuple(int(one) for one in shape)
    if kind not in _TYPES or math.prod(whole) * int(_TYPES[kind][1]) != size:
        raise DataError(f"the array {name!r} does not have the length that its sizes say")
    return Array(name, whole, order + _TYPES[kind], _Ready(small) if small else stream)


def _tag(stream: _Stream, order: str) -> tuple[int, int, bytes]:
    """Type and bytes of an element, and the element itself if it is short and stands in the tag."""
    tag = _exactly(stream, 8)
    first, second = struct.unpack(f"{order}II", tag)
    if first >> 16:
        if first >> 16 > 4:
            raise DataError("it is damaged")
        return first & 0xFFFF, first >> 16, tag[4 : 4 + (first >> 16)]
    return first, second, b""


def _element(stream: _Stream, order: str) -> bytes:
    """A short element: flags, sizes or a name."""
    _, size, small = _tag(stream, order)
    if small or not size:
        return small
    if size > 1024:
        raise DataError("it is damaged: a header of absurd length")
    return _exactly(stream, size + -size % 8)[:size]


def _exactly(stream: _Stream, size: int) -> bytes:
    pieces = []
    while size > 0:
        if not (piece := stream.read(min(size, 1 << 24))):
            raise DataError("it is cut short")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


class _Ready:
    """A stream over bytes that are here already."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, size: int) -> bytes:
        piece, self.content = self.content[:size], self.content[size:]
        return piece


class _Bounded:
    """The next ``size`` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.left = file, size

    def read(self, size: int) -> bytes:
        piece = self.file.read(min(size, self.left))
        self.left -= len(piece)
        return piece


class _Inflated:
    """A stream unpacked as it is read."""

    def __init__(self, packed: _Stream) -> None:
        self.packed, self.inflate, self.waiting = packed, zlib.decompressobj(), b""

    def read(self, size: int) -> bytes:
        while not self.inflate.eof:
            source = self.waiting or self.packed.read(_PIECE)
            try:
                piece = self.inflate.decompress(source, size)
            except zlib.error as error:
                raise DataError(f"it is damaged ({error})") from None
            self.waiting = self.inflate.unconsumed_tail
            if piece or not source:
                return piece
        return b""

    def finish(self) -> None:
        """Read to the end, past padding, where the stream's own checksum stands."""
        for _ in range(2):
            self.read(64)
        if not self.inflate.eof:
            raise DataError("it is damaged: an array goes on after its end")
