"""Where data files are looked for: the folder asked for, the environment's, the user's own, then the system's."""

import os
from collections.abc import Iterable
from pathlib import Path

from aspis_sim.errors import InputError

VARIABLE = "ASPIS_DATA_DIR"
"""Environment variable that names a folder of data sets."""

SYSTEM = (Path("/usr/local/share/datasets"), Path("/usr/share/datasets"))
"""The last folders looked at; Debian's packages of data sets install into the second."""

_asked: list[Path] = []


def use(directory: Path | None) -> None:
    """Look into ``directory`` before all other folders, for the rest of the process; None takes that back.

    Raises:
        InputError: it is no folder.
    """
    if directory is not None and not directory.is_dir():
        state = "is no folder" if directory.exists() else "does not exist"
        raise InputError(f"`data_dir` {directory} {state}; name the folder that holds the data sets")
    _asked[:] = [] if directory is None else [directory.absolute()]


def user_folder() -> Path | None:
    """The user's own folder, ``$XDG_DATA_HOME/aspis-sim``, by default ``~/.local/share/aspis-sim``.

    None if the user has no home folder, as an account of a container may.
    """
    base = os.environ.get("XDG_DATA_HOME", "")
    if Path(base).is_absolute():
        return Path(base) / "aspis-sim"
    try:
        return Path.home() / ".local/share/aspis-sim"
    except RuntimeError:
        return None


def folders() -> tuple[Path, ...]:
    """The folders to look into, in order: `use`'s, ``ASPIS_DATA_DIR``, the user's, the system's.

    Raises:
        InputError: ``ASPIS_DATA_DIR`` begins with the home folder of nobody.
    """
    named = os.environ.get(VARIABLE, "")
    try:
        named_ones = [Path(named).expanduser().absolute()] if named else []
    except RuntimeError:
        raise InputError(f"{VARIABLE}={named}: there is no such home folder; write the whole path") from None
    own = user_folder()
    return (*_asked, *named_ones, *([] if own is None else [own]), *SYSTEM)


def download_folder() -> Path:
    """The folder into which downloads go: the first of `folders`.

    Raises:
        InputError: that is the system's, since no folder is named and the user has no home folder.
    """
    first = folders()[0]
    if first in SYSTEM:
        raise InputError("there is no home folder to keep data sets in; name a folder with `data_dir`")
    return first


def candidates(names: Iterable[str]) -> list[Path]:
    """The folders where the files of a source may lie: in each folder of `folders`, its subfolders ``names``.

    A name of "." stands for the folder itself; a folder that bears one of the names is itself taken, too.
    """
    wanted = tuple(names)
    found: list[Path] = []
    for folder in folders():
        found += [folder / name for name in wanted]
        if folder.name in wanted:
            found.append(folder)
    return found
