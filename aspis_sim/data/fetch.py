"""Downloads of published files: resumed where they were cut, checked, and in place only when they are whole."""

import fcntl
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from aspis_sim.data.files import CHUNK, MOST_BYTES, File, Stored, digest
from aspis_sim.data.sums import SUMS, listed_sums
from aspis_sim.errors import DataError, InputError

Report = Callable[[int, int], None]
"""Called with the bytes that are here and the bytes expected."""

ATTEMPTS = 3
TIMEOUT = 30.0


def fetch(file: File, folder: Path, report: Report, base: str | None = None, pause: float = 1.0) -> Path:
    """Download ``file`` into ``folder`` and return its path; a whole one that is there already is kept.

    What has arrived is kept in ``NAME.part`` and continued by the next call. The file gets its name only after its
    size and SHA-256 were found right, by the list of sums in ``folder`` if that names it.

    Args:
        file: as published.
        folder: made if it does not exist.
        report: progress.
        base: address that the file's name is put behind, instead of the published addresses; may be http.
        pause: seconds before another attempt.

    Raises:
        InputError: the folder cannot be written, or ``base`` is no address.
        DataError: no address has the file, or what came is not the file.
    """
    addresses = file.urls if base is None else (f"{_checked_base(base)}/{file.name}",)
    size, sha256 = file.published
    target = folder / file.name
    with _partial(target) as (part, stream):
        if (sums := listed_sums(folder)).get(file.name):
            size, sha256 = 0, sums[file.name]
        if target.exists() and _whole(file, target):
            part.unlink()
            return target
        problems = []
        for address in addresses:
            try:
                _download(address, part, stream, size, report, pause, plain=base is not None)
                _check(stream, part, size, sha256, address)
            except DataError as error:
                problems.append(str(error))
                continue
            os.fsync(stream.fileno())
            _validator(part).unlink(missing_ok=True)
            os.replace(part, target)
            _sync(folder)
            return target
        raise DataError("\n".join(problems))


def _checked_base(base: str) -> str:
    try:
        whole = urlsplit(base).scheme in ("http", "https") and urlsplit(base).hostname
    except ValueError:
        whole = None
    if not whole:
        raise InputError(f"`from` {base}: not an address; write https://host/folder")
    return base.rstrip("/")


def _whole(file: File, path: Path) -> bool:
    stored = Stored(file, path)
    try:
        if file.packed:
            stored.content()
        else:
            with stored.checked():
                pass
    except DataError:
        return False
    return True


@contextmanager
def _partial(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """The partial file of ``target``, open and locked against a second download; removed if it stays empty."""
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = part.open("a+b")
    except OSError as error:
        raise InputError(f"cannot write {part}: {error.strerror}; name another folder with `data_dir`") from None
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataError(f"{part} is being written by another download; wait for its end") from None
        try:
            yield part, stream
        except OSError as error:
            raise DataError(
                f"cannot write {part}: {error.strerror or error}; make room and run the same again"
            ) from None
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()
                _validator(part).unlink(missing_ok=True)


def _download(
    address: str, part: Path, stream: BinaryIO, size: int, report: Report, pause: float, *, plain: bool
) -> None:
    """Bring all bytes of ``address`` into ``stream``, in several attempts as long as the last one brought some."""
    attempt = 0
    while True:
        before = stream.seek(0, os.SEEK_END)
        try:
            if _request(address, part, stream, size, report, plain=plain):
                return
            problem = "the connection was cut"
        except HTTPError as error:
            raise DataError(f"{address}: HTTP {error.code} {error.reason}; try a mirror with `from=URL`") from None
        except (URLError, HTTPException, TimeoutError, ConnectionError, ssl.SSLError) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        except (ValueError, OverflowError) as error:  # a length, an address or a version that is none
            raise DataError(f"{address}: no answer that can be read ({error}); try a mirror with `from=URL`") from None
        after = stream.seek(0, os.SEEK_END)
        attempt = 1 if after > before else attempt + 1
        if attempt >= ATTEMPTS:
            kept = f" after {after:,} bytes, which are kept; run the same again to go on" if after else ""
            raise DataError(f"{address}: {problem}{kept}" + ("" if after else "; try a mirror with `from=URL`"))
        time.sleep(pause)


def _request(address: str, part: Path, stream: BinaryIO, size: int, report: Report, *, plain: bool) -> bool:
    """One request, for what is missing only if something is here; returns whether the file is complete."""
    here = stream.seek(0, os.SEEK_END)
    if size and here >= size:
        return True
    headers = {"Accept-Encoding": "identity", "User-Agent": "aspis-sim"}
    if here:
        headers["Range"] = f"bytes={here}-"
        if _validator(part).is_file() and (known := _validator(part).read_text(encoding="latin1").strip()):
            headers["If-Range"] = known
    try:
        response = build_opener(_Redirects(plain)).open(Request(address, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416 and here:
            total = error.headers.get("Content-Range", "").rpartition("/")[2]
            if total == str(here):
                return True
            stream.truncate(0)
            return False
        raise
    with response:
        if here and (response.status != 206 or not _continues(response, here)):
            stream.truncate(0)
            if response.status == 206:
                return False
            here = 0
        length = response.headers.get("Content-Length")
        expected = here + int(length) if length and length.isdigit() else size
        if size and expected != size:
            stream.truncate(0)
            raise DataError(f"{address} has {expected:,} bytes instead of {size:,}; try a mirror with `from=URL`")
        if not here:
            etag = response.headers.get("ETag", "")
            strong = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
            _validator(part).write_text(strong, encoding="latin1")
        report(here, expected)
        while piece := response.read1(CHUNK):
            here += len(piece)
            if here > (size or MOST_BYTES):
                stream.truncate(0)
                raise DataError(f"{address} sends more than {size or MOST_BYTES:,} bytes; try a mirror with `from=URL`")
            stream.write(piece)
            stream.flush()
            report(here, expected)
        return here == expected if expected else True


def _continues(response: Any, here: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {here}-")


def _check(stream: BinaryIO, part: Path, size: int, sha256: str, address: str) -> None:
    """Compare what has arrived; what is wrong is removed, so that the next attempt starts anew."""
    found_size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    found = digest(stream)
    if (not size or found_size == size) and found == sha256:
        return
    stream.truncate(0)
    _validator(part).unlink(missing_ok=True)
    said = f"expected {sha256[:16]}…" + (f" of {size:,}" if size else f" by {SUMS}")
    raise DataError(
        f"{address} is not the file: SHA-256 {found[:16]}… of {found_size:,} bytes, {said}; "
        "run the same again, or try a mirror with `from=URL`"
    )


def _validator(part: Path) -> Path:
    """Where the server's name for the version in ``part`` is kept."""
    return part.with_name(f"{part.name}-version")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Redirects(HTTPRedirectHandler):
    """Follows redirections to https, and to http only where http was asked for."""

    def __init__(self, plain: bool) -> None:
        self.plain = plain

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        secure = urlsplit(req.full_url).scheme == "https" or not self.plain
        if urlsplit(newurl).scheme != "https" and (secure or urlsplit(newurl).scheme != "http"):
            raise DataError(f"{req.full_url} redirects to {newurl}, which is not https; try a mirror with `from=URL`")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
