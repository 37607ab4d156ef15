"""The known members of a .tar.gz, read as a stream: nothing is unpacked to a path, and what is absurd is refused.

The headers are read here and not by the standard library, which takes minutes over a forged extended header of a few
megabytes (CVE-2024-6232 and its like). Nothing that an extended header can say is needed but a longer name: its length
and the number of headers are bounded, and all work is linear in what the archive unpacks to.
"""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from aspis_sim.data.base import REMEDY
from aspis_sim.data.files import CHUNK, Stored
from aspis_sim.errors import DataError
from aspis_sim.printable import brief

MOST_BYTES = 400_000_000
"""Bytes that an archive may unpack to; the largest official one has some 190 million."""

MOST_EXTENDED = 1 << 16
"""Bytes of an extended header, which holds a long name, times and the like."""

MOST_HEADERS = 10_000
"""Headers of an archive; an official one has fewer than ten."""

_BLOCK = 512
_PLAIN, _FOLDER = (b"0", b"\0", b"7"), b"5"
_LONG_NAME, _LONG_LINK, _EXTENDED, _FOR_ALL = b"L", b"K", b"x", b"g"


def members(stored: Stored, wanted: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """The members whose base name is ``wanted``, in the order of the archive, once its checksum is right.

    Args:
        stored: the archive.
        wanted: base name -> bytes that it may have at most.

    Raises:
        DataError: the archive is missing, damaged or cut short, a member is a link or a device, too large, twice
            there or not there.
    """
    left = dict(wanted)
    with stored.checked() as file:
        stream = _Unpacked(file, stored)
        try:
            for name, size, kind in _headers(stream):
                base = name.rsplit("/", 1)[-1]
                if kind == _FOLDER:
                    continue
                if kind not in _PLAIN:
                    raise DataError(f"{stored.path}: {brief(name)!r} is no plain file; {REMEDY}")
                if base not in wanted:
                    stream.skip(_padded(size))
                    continue
                if base not in left:
                    raise DataError(f"{stored.path}: {base} is in it twice; {REMEDY}")
                if size > left.pop(base):
                    raise DataError(f"{stored.path}: {base} has {size:,} bytes, too many; {REMEDY}")
                content = stream.exactly(size)
                stream.skip(_padded(size) - size)
                yield base, content
            while stream.read(CHUNK):
                pass
        except (EOFError, gzip.BadGzipFile, zlib.error, ValueError) as error:
            raise DataError(f"{stored.path} is damaged or cut short ({error}); {REMEDY}") from None
    if left:
        raise DataError(f"{stored.path}: {', '.join(left)} is not in it; {REMEDY}")


def _headers(stream: "_Unpacked") -> Iterator[tuple[str, int, bytes]]:
    """Name, bytes and kind of each member; what it holds is to be read, with its padding, before the next is asked for.

    Raises:
        EOFError, ValueError: the archive is cut short or damaged.
    """
    longer, count = "", 0
    while block := stream.read(_BLOCK):
        if not block.strip(b"\0"):
            return
        count += 1
        if count > MOST_HEADERS:
            raise ValueError(f"more than {MOST_HEADERS:,} headers")
        if len(block) < _BLOCK:
            raise EOFError("a header is cut short")
        unsigned = sum(block) - sum(block[148:156]) + 8 * ord(" ")
        if _number(block[148:156]) != unsigned:
            raise ValueError("the checksum of a header is wrong")
        name, size, kind = _text(block[:100]), _number(block[124:136]), block[156:157]
        if kind in (_LONG_NAME, _LONG_LINK, _EXTENDED, _FOR_ALL):
            if size > MOST_EXTENDED:
                raise ValueError(f"an extended header of {size:,} bytes")
            content = stream.exactly(_padded(size))[:size]
            if kind == _LONG_NAME:
                longer = _text(content)
            elif kind == _EXTENDED:
                longer = _path(content) or longer
            continue
        yield longer or name, 0 if kind == _FOLDER else size, kind
        longer = ""


def _path(content: bytes) -> str:
    """The name in an extended header, which is a sequence of ``LENGTH KEY=VALUE`` and a line break; empty without one.

    Raises:
        ValueError: it is no such sequence, or has a size or holes besides, which no archive of this size needs.
    """
    found = ""
    while content:
        digits, _, _ = content[:8].partition(b" ")
        length = int(digits)
        record = content[len(digits) + 1 : length]
        if not len(digits) < length <= len(content) or not record.endswith(b"\n"):
            raise ValueError("an extended header is damaged")
        key, _, value = record[:-1].partition(b"=")
        if key == b"path":
            found = value.decode("utf-8", "replace")
        if key == b"size" or key.startswith(b"GNU.sparse."):
            raise ValueError(f"an extended header with {key.decode('latin1')}")
        content = content[length:]
    return found


def _number(field: bytes) -> int:
    """An octal number of a header.

    Raises:
        ValueError: it is none.
    """
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if digits.strip(b"01234567"):
        raise ValueError("a number in a header is damaged")
    return int(digits or b"0", 8)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _padded(size: int) -> int:
    return size + -size % _BLOCK


class _Unpacked:
    """What is in a gzip file; it ends in an error after `MOST_BYTES`, so that no small archive fills the memory."""

    def __init__(self, file: BinaryIO, stored: Stored) -> None:
        self.stream, self.stored, self.left = gzip.GzipFile(fileobj=file), stored, MOST_BYTES

    def read(self, size: int) -> bytes:
        """The next bytes, fewer only at the end."""
        piece = self.stream.read(min(size, self.left + 1))
        self.left -= len(piece)
        if self.left < 0:
            raise DataError(f"{self.stored.path} unpacks to more than {MOST_BYTES:,} bytes; {REMEDY}")
        return piece

    def exactly(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            EOFError: there are fewer.
        """
        piece = self.read(size)
        if len(piece) < size:
            raise EOFError("a member is cut short")
        return piece

    def skip(self, size: int) -> None:
        """Pass over bytes; raises as `exactly`."""
        while size > 0:
            size -= len(self.exactly(min(size, CHUNK)))
