"""What a source of data is made of: its published files, where they lie on this machine, and whether they are whole."""

import gzip
import hashlib
import itertools
import os
import shlex
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from aspis_sim.data import search
from aspis_sim.data.base import REMEDY
from aspis_sim.data.lookalikes import GZIP, HEAD, no_file, text_instead
from aspis_sim.data.sums import SUMS, listed_sums
from aspis_sim.errors import DataError

CHUNK = 1 << 20

MOST_BYTES = 2_000_000_000
"""Bytes of a file whose published size does not hold because a list of sums replaces its sum."""


@dataclass(frozen=True)
class File:
    """A file as it is published, or as people have it.

    Attributes:
        name: in its folder.
        sha256: of the file, or with ``packed`` of what is in it.
        size: bytes of the file, or with ``packed`` of what is in it.
        urls: where it can be had, best first; empty for a file that is another form of one that can.
        packed: only the content is compared, whether the file is gzip or plain: the same images compressed anew or
            not at all are accepted.
        download: size and SHA-256 of the file that is downloaded, where those above are of its content.
        form_of: name of the published file that has the same content; empty for the published one.
        members: the name is that of a folder with these files, unpacked from an archive. Nobody publishes their sums,
            so that a list of sums beside them has to; ``sha256`` and ``size`` are of no use then.
    """

    name: str
    sha256: str = ""
    size: int = 0
    urls: tuple[str, ...] = ()
    packed: bool = False
    download: tuple[int, str] | None = None
    form_of: str = ""
    members: tuple[str, ...] = ()

    @property
    def published(self) -> tuple[int, str]:
        """Size and SHA-256 of the file as it is downloaded."""
        return self.download or (self.size, self.sha256)

    def within(self, folder: Path, unlisted: bool) -> Path | None:
        """Where it lies in a folder, None if it does not; an unpacked one may be the folder.

        Args:
            folder: to look into.
            unlisted: whether an unpacked archive without a list of sums counts.
        """
        path = folder / self.name
        if not self.members:
            return path if os.path.isfile(path) else None
        wanted = self.members if unlisted else (SUMS,)
        places = (path, folder) if folder.name == self.name else (path,)
        return next((one for one in places if any(os.path.isfile(one / name) for name in wanted)), None)


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
        """The file that serves each need, in the first folder where one is found.

        An unpacked archive without a list of sums, which cannot be read, is found only where nothing else is.
        """
        folders = search.candidates(self.subfolders)
        each = ((folder, unlisted) for unlisted in (False, True) for folder in folders)
        return next((found for folder, unlisted in each if (found := self._in_folder(folder, unlisted))), [])

    def _in_folder(self, folder: Path, unlisted: bool) -> list[tuple[File, Path]]:
        """The files of this source in one folder, one a need that is met."""
        places = ([(form, path) for form in forms if (path := form.within(folder, unlisted))] for forms in self.needs)
        return [found[0] for found in places if found]

    def missing(self) -> list[str]:
        """Names of the files that are not there, by the name they are downloaded under."""
        found = {file for file, _ in self.located()}
        return [forms[0].name for forms in self.needs if not found.intersection(forms)]

    def open(self) -> "list[Stored]":
        """The stored files in the order of the needs.

        Raises:
            DataError: one is missing; says which, where it was looked for, what lies there instead and how to get it.
        """
        found = self.located()
        if lacking := self.missing():
            where = f"in {found[0][1].parent}" if found else "in " + ", ".join(str(path) for path in search.folders())
            raise DataError(f"{self.name}: {', '.join(lacking)} not found {where}{self._instead()};\n{self.remedy()}")
        return [Stored(file, path) for file, path in found]

    def _instead(self) -> str:
        """What stands in the place of a file, or where a file lies that is not looked for there; empty if nothing."""
        names = [form.name for forms in self.needs for form in forms if not form.members]
        for path in (folder / name for folder in search.candidates(self.subfolders) for name in names):
            if what := no_file(path):
                return f" ({path} is {what})"
        for path in (folder / name for folder in search.folders() for name in names):
            if "." not in self.subfolders and os.path.isfile(path):
                return f" ({path} belongs into {path.parent / self.subfolders[0]})"
        return ""

    def remedy(self) -> str:
        """How to get the files."""
        also = f", {self.note}" if self.note else ""
        return f"run aspis-sim data fetch {self.name}{also}, or name their folder with `data_dir` or {search.VARIABLE}"

    def published_sums(self) -> set[str]:
        """The sums of the data set, `joint_sum`, as far as all its files are those that were published."""
        forms = [{(_line_name(file), file.sha256) for file in one if not file.members} for one in self.needs]
        return {_joined(chosen) for chosen in itertools.product(*forms)}


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

    def members(self) -> "list[Stored]":
        """The files of an unpacked archive.

        Raises:
            DataError: one is not there, or not in the list of sums.
        """
        found = [Stored(File(name), self.path / name) for name in self.file.members]
        if lacking := [one.path.name for one in found if not os.path.isfile(one.path)]:
            raise DataError(f"{self.path} lacks {', '.join(lacking)}; remove the folder and fetch the archive")
        if unlisted := [one.path.name for one in found if not one.listed]:
            raise DataError(
                f"{self.path} is an unpacked archive, and no {SUMS} in it has the sum of {unlisted[0]}; fetch the "
                f"archive (aspis-sim data fetch), or take the files as they are:\n"
                f"cd {shlex.quote(str(self.path))} && sha256sum {' '.join(self.file.members)} > {SUMS}"
            )
        return found

    @contextmanager
    def checked(self) -> Iterator[BinaryIO]:
        """The file, open for reading, after its sum was found right; a packed one is checked by `content`.

        Raises:
            DataError: it cannot be read or holds something else.
        """
        try:
            with self.path.open("rb") as file:
                size = len_of(file)
                file.seek(0)
                if what := text_instead(file.read(HEAD)):
                    raise DataError(f"{self.path} is {what}, not {_line_name(self.file)}; {REMEDY}")
                if size > MOST_BYTES:
                    raise DataError(f"{self.path} has {size:,} bytes, more than any official file; {REMEDY}")
                file.seek(0)
                if self.listed or not self.file.packed:
                    self._compare(digest(file), size)
                    file.seek(0)
                yield file
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror or error}); {REMEDY}") from None

    def content(self) -> bytes:
        """What the file holds, unpacked if it may be and is gzip, after its sum was found right.

        Raises:
            DataError: it cannot be read, holds something else or more than the published file.
        """
        with self.checked() as file:
            zipped = self.file.packed and file.read(2) == GZIP
            file.seek(0)
            try:
                stream = gzip.GzipFile(fileobj=file) if zipped else file
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
    """One sum for a data set: the file's own; of several, of their list in sha256sum's format by published names."""
    return _joined([(_line_name(one.file), one.sha256) for one in stored])


def _joined(sums: Sequence[tuple[str, str]]) -> str:
    if len(sums) == 1:
        return sums[0][1]
    return hashlib.sha256("".join(f"{sha256}  {name}\n" for name, sha256 in sums).encode()).hexdigest()


def _line_name(file: File) -> str:
    return file.form_of or file.name
