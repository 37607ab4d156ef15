"""The known members of a .tar.gz, read as a stream: nothing is unpacked to a path, and what is absurd is refused."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from aspis_sim.data.base import REMEDY
from aspis_sim.data.files import CHUNK, Stored
from aspis_sim.errors import DataError

MOST_BYTES = 400_000_000
"""Bytes that an archive may unpack to; the largest official one has some 190 million."""


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
        limited = _Limited(gzip.GzipFile(fileobj=file), stored)
        try:
            with tarfile.open(fileobj=limited, mode="r|") as archive:
                for member in archive:
                    if member.isdir():
                        continue
                    name = member.name.rsplit("/", 1)[-1]
                    if not member.isreg() or member.issparse():
                        raise DataError(f"{stored.path}: {member.name!r} is no plain file; {REMEDY}")
                    if name not in wanted:
                        continue
                    if name not in left:
                        raise DataError(f"{stored.path}: {name} is in it twice; {REMEDY}")
                    if member.size > left.pop(name):
                        raise DataError(f"{stored.path}: {name} has {member.size:,} bytes, too many; {REMEDY}")
                    content = archive.extractfile(member)
                    assert content is not None
                    yield name, content.read()
            while limited.read(CHUNK):
                pass
        except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError) as error:
            raise DataError(f"{stored.path} is damaged or cut short ({error}); {REMEDY}") from None
    if left:
        raise DataError(f"{stored.path}: {', '.join(left)} is not in it; {REMEDY}")


class _Limited(io.RawIOBase):
    """A stream that ends in an error after `MOST_BYTES`, so that no small archive fills the memory."""

    def __init__(self, stream: BinaryIO | gzip.GzipFile, stored: Stored) -> None:
        self.stream, self.stored, self.left = stream, stored, MOST_BYTES

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self.stream.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(piece)
        if self.left < 0:
            raise DataError(f"{self.stored.path} unpacks to more than {MOST_BYTES:,} bytes; {REMEDY}")
        return piece
