"""What lies in the place of a data file and is none, told by a look at it."""

import os
import stat
import zlib
from pathlib import Path

HEAD = 1024
"""Bytes of a file that are looked at."""

GZIP = b"\x1f\x8b"
"""How a gzip file begins."""

_BEGINNINGS = (
    (b"<!doctype html", "a web page (HTML)"),
    (b"<html", "a web page (HTML)"),
    (b"<head", "a web page (HTML)"),
    (b"<!--", "a web page (HTML)"),
    (b"<?xml", "a web page or a server's message (XML)"),
    (b"version https://git-lfs", "a pointer of Git LFS (git lfs pull brings the file)"),
)

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a disk"),
    (stat.S_ISSOCK, "a socket"),
)


def text_instead(head: bytes) -> str | None:
    """What a file is that begins with ``head``, plain or gzip: a page or a pointer saved as data; None if no such."""
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, HEAD)
        except zlib.error:
            return None
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return next((what for beginning, what in _BEGINNINGS if text.startswith(beginning)), None)


def no_file(path: Path) -> str | None:
    """What stands at ``path`` instead of a file that can be looked at; None for a file, and for nothing."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "a symbolic link to nothing" if os.path.islink(path) else None
    except OSError as error:
        return f"out of reach ({error.strerror})"
    return next((what for applies, what in _KINDS if applies(mode)), None)
