"""What a source of data is made of: its published files, where they lie on this machine, and whether they are whole."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from aspis_sim.data import search
from aspis_sim.data.base import REMEDY
from aspis_sim.errors import DataError

SUMS = "SHA256SUMS"
"""A file of this name beside data files, in the format of sha256sum, replaces the published sums of what it lists."""

CHUNK = 1 << 20


@dataclass(frozen=True)
class File:
    """A file as it is published.

    Attributes:
        name: in its folder.
        sha256: of the file, or with ``packed`` of what is in it.
        size: bytes of the file, or with ``packed`` of what is in it.
        urls: where it can be had, best first; empty for a file that is another form of one that can.
        packed: the file is gzip, and only its content is compared: the same images compressed anew are accepted.
        download: size and SHA-256 of the file that is downloaded, where those above are of its content.
    """

    name: str
    sha256: str
    size: int
    urls: tuple[str, ...] = ()
    packed: bool = False
    download: tuple[int, str] | None = None

    @property
    def published(self) -> tuple[int, str]:
        """Size and SHA-256 of the file as it is downloaded."""
        return self.download or (self.size, self.sha256)


@dataclass(frozen=True)
class Source:
    """A data set that is read from files.

    Attributes:
        name: the registered name.
        subfolders: where its files lie within a data folder, the first being where downloads go.
        needs: what must be there; of the forms of one need any will do, the first found is read, the first is fetched.
        licence: terms, as far as they are published.
        note: what else helps someone who lacks it.
    """

    name: str
    subfolders: tuple[str, ...]
    needs: tuple[tuple[File, ...], ...]
    licence: str
    note: str = ""

    def located(self) -> list[tuple[File, Path]]:
        """The file that serves each need, in the first folder where one is found."""
        return next((found for folder in search.candidates(self.subfolders) if (found := self.in_folder(folder))), [])

    def in_folder(self, folder: Path) -> list[tuple[File, Path]]:
        """The files of this source in one folder, one a need that is met."""
        return [
            (file, folder / file.name)
            for forms in self.needs
            for file in [next((form for form in forms if (folder / form.name).is_file()), None)]
            if file is not None
        ]

    def missing(self) -> list[str]:
        """Names of the files that are not there, by the name they are downloaded under."""
        found = {file for file, _ in self.located()}
        return [forms[0].name for forms in self.needs if not found.intersection(forms)]

    def open(self) -> "list[Stored]":
        """The stored files in the order of the needs.

        Raises:
            DataError: one is missing; says which, where it was looked for and how to get it.
        """
        found = self.located()
        if lacking := self.missing():
            where = f"in {found[0][1].parent}" if found else "in " + ", ".join(str(path) for path in search.folders())
            raise DataError(f"{self.name}: {', '.join(lacking)} not found {where};\n{self.remedy()}")
        return [Stored(file, path) for file, path in found]

    def remedy(self) -> str:
        """How to get the files."""
        also = f", {self.note}" if self.note else ""
        return f"run aspis-sim data fetch {self.name}{also}, or name their folder with `data_dir` or {search.VARIABLE}"


@dataclass(frozen=True)
class Stored:
    """A published file as it lies on this machine.

    Attributes:
        file: as published.
        path: where it lies.
    """

    file: File
    path: Path

    @cached_property
    def sha256(self) -> str:
        """The sum that its bytes must have, or its content if it is packed and no list of sums beside it says more."""
        return self.listed or self.file.sha256

    @cached_property
    def listed(self) -> str | None:
        """Its sum in the list beside it."""
        return listed_sums(self.path.parent).get(self.path.name)

    @contextmanager
    def checked(self) -> Iterator[BinaryIO]:
        """The file, open for reading, after its sum was found right; a packed one is checked by `content`.

        Raises:
            DataError: it cannot be read or holds something else.
        """
        try:
            with self.path.open("rb") as file:
                if self.listed or not self.file.packed:
                    self._compare(digest(file), len_of(file))
                    file.seek(0)
                yield file
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror or error}); {REMEDY}") from None

    def content(self) -> bytes:
        """What the file holds, unpacked if it is gzip, after its sum was found right.

        Raises:
            DataError: it cannot be read, holds something else or more than the published file.
        """
        with self.checked() as file:
            try:
                stream = gzip.GzipFile(fileobj=file) if self.file.packed else file
                whole = stream.read(self.file.size + 1)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise DataError(f"{self.path} is damaged or cut short ({error}); {REMEDY}") from None
        if len(whole) > self.file.size:
            raise DataError(f"{self.path} holds more than the {self.file.size:,} bytes of the official file; {REMEDY}")
        if self.file.packed and not self.listed:
            self._compare(hashlib.sha256(whole).hexdigest(), len(whole))
        return whole

    def _compare(self, found: str, size: int) -> None:
        if found != self.sha256:
            expected = f"expected {self.sha256[:16]}…" + (f" by its {SUMS}" if self.listed else "")
            raise DataError(
                f"{self.path} is not the official file: SHA-256 {found[:16]}… of {size:,} bytes, {expected};\n"
                f"{REMEDY}, or list your own archive in a file {SUMS} beside it"
            )


def len_of(file: BinaryIO) -> int:
    """Bytes of an open file."""
    return file.seek(0, 2)


def digest(file: BinaryIO) -> str:
    """SHA-256 of an open file from where it stands."""
    total = hashlib.sha256()
    while piece := file.read(CHUNK):
        total.update(piece)
    return total.hexdigest()


def joint_sum(stored: list[Stored]) -> str:
    """One sum for a data set: the file's own; of several, of their list in sha256sum's format."""
    if len(stored) == 1:
        return stored[0].sha256
    lines = "".join(f"{one.sha256}  {one.file.name}\n" for one in stored)
    return hashlib.sha256(lines.encode()).hexdigest()


def listed_sums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 as the list in a folder has it; empty without a list.

    Raises:
        DataError: a line is none of sha256sum's.
    """
    path = folder / SUMS
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); write it with sha256sum") from None
    sums: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found, space, name = line[:64].lower(), line[64:66], line[66:]
        if len(found) != 64 or set(found) - set("0123456789abcdef") or space not in ("  ", " *") or not name:
            raise DataError(f"{path}, line {number}: not a line of sha256sum (64 hex digits, two spaces, a file name)")
        sums[name.removeprefix("./")] = found
    return sums
