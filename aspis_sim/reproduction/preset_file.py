"""The TOML files of presets: their keys checked, each on top of the one that it extends."""

import tomllib
from pathlib import Path
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.files import read_text
from aspis_sim.registry import unknown_name
from aspis_sim.spec.grid import AXES

LARGEST = 10**6
"""Bytes that the file of a preset may have."""

SERIES_KEYS = ("decay", "rate", "note")
SETTINGS = (*AXES, *SERIES_KEYS)
FILE_KEYS = ("title", "paper", "extends", "figure", "settings", "kinds", "series", "small", "search")
SMALL_DATA = ("cifar10", "fashion-mnist", "digits")
"""Data sets of the small scale, best first."""

SMALL_KEYS = (*SETTINGS, "samples_share", *SMALL_DATA)
SEARCH_KEYS = ("rates", "decay", "epochs")


def extended(path: Path) -> dict[str, Any]:
    """The tables of a file, all keys checked, on top of those of the file that it extends."""
    tables = tables_in(path)
    known: list[tuple[str, Any, tuple[str, ...]]] = [
        ("", tables, FILE_KEYS),
        ("[settings] ", tables.get("settings", {}), SETTINGS),
        ("[small] ", tables.get("small", {}), SMALL_KEYS),
        ("[search] ", tables.get("search", {}), SEARCH_KEYS),
    ]
    known += [("[[series]] ", one, (*SETTINGS, "kind")) for one in tables.get("series", [])]
    for name, one in tables.get("kinds", {}).items():
        known.append((f'[kinds."{name}"] ', one, (*SETTINGS, "small")))
        known.append((f'[kinds."{name}".small] ', one.get("small", {}), SETTINGS))
    for table, written, keys in known:
        for key in written:
            if key not in keys:
                raise InputError(f"{path.name}: {table}{unknown_name('key', key, keys)}")
    if "extends" not in tables:
        return tables
    base = extended(path.with_name(f"{tables['extends']}.toml"))
    kinds = {**base.get("kinds", {})}
    for name, one in tables.get("kinds", {}).items():
        kinds[name] = kinds.get(name, {}) | one
    merged = {name: base.get(name, {}) | tables.get(name, {}) for name in ("settings", "small")}
    return base | tables | merged | {"kinds": kinds}


def tables_in(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        InputError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(read_text(path, LARGEST, "preset"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"preset {path}: {error}") from None
