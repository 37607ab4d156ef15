"""Lists of SHA-256 sums beside data files, as sha256sum, shasum, openssl and PowerShell leave them."""

import codecs
import re
from pathlib import Path

from aspis_sim.errors import DataError, InputError
from aspis_sim.files import read_bounded

SUMS = "SHA256SUMS"
"""A file of this name beside data files replaces the published sums of what it lists."""

LARGEST = 1_000_000
"""Bytes that a list may have."""

_PLAIN = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)", re.DOTALL)
"""``HEX  NAME`` or ``HEX *NAME``; with a backslash before it, line breaks and backslashes in the name are escaped."""

_TAGGED = re.compile(r"(\\?)SHA(?:2-)?256 ?\((.+)\) ?= ?([0-9a-fA-F]{64})", re.DOTALL)
"""``SHA256 (NAME) = HEX``, as BSD writes it; openssl leaves the spaces out."""

_ESCAPED = {"n": "\n", "r": "\r", "\\": "\\"}

_REMEDY = f"write the list with sha256sum FILES > {SUMS}"


def listed_sums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 in small letters, as the list in a folder has it; empty without a list.

    The list is UTF-8, or UTF-16 with a byte order mark as PowerShell's ``>`` writes it; its lines end as on Unix or
    Windows. Blank lines and those that begin with # say nothing.

    Raises:
        DataError: it cannot be read, is too large, has another format, or lists a file twice with different sums.
    """
    path = folder / SUMS
    try:
        text = _decoded(read_bounded(path, LARGEST, "list of sums"))
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():
            raise DataError(f"{path} cannot be read ({error.strerror}); {_REMEDY}") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}); {_REMEDY}") from None
    except InputError as error:
        raise DataError(f"{error}; {_REMEDY}") from None
    sums: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip() or line.startswith("#"):
            continue
        name, found = _entry(line, f"{path}, line {number}")
        if sums.setdefault(name, found) != found:
            raise DataError(f"{path}, line {number}: another sum of {name} than in a line before; {_REMEDY}")
    return sums


def _decoded(content: bytes) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig")


def _entry(line: str, where: str) -> tuple[str, str]:
    """Name and sum of a line."""
    if plain := _PLAIN.fullmatch(line):
        escaped, found, name = plain.groups()
    elif tagged := _TAGGED.fullmatch(line):
        escaped, name, found = tagged.groups()
    elif line.split()[0] == "Algorithm":
        raise DataError(
            f"{where}: a table of PowerShell's Get-FileHash, which cuts long names; {_REMEDY}, or with\n"
            f'Get-FileHash * | % {{ $_.Hash + "  " + (Split-Path $_.Path -Leaf) }} > {SUMS}'
        )
    else:
        raise DataError(f"{where}: not a line of sha256sum (64 hex digits, two spaces, a file name); {_REMEDY}")
    if escaped:
        name = re.sub(r"\\(.)", lambda one: _ESCAPED.get(one[1], one[0]), name)
    return re.sub(r"\A\.[/\\]", "", name), found.lower()
