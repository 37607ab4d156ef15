"""Names of folders as they are given: an empty one is refused, since it would stand for the current folder."""

from pathlib import Path

import typer


def folder(text: str) -> Path:
    """The folder of an option, for its ``parser``.

    Raises:
        typer.BadParameter: the name is empty (exit code 2).
    """
    if not text:
        raise typer.BadParameter("an empty name; name a folder, . for the current one")
    return Path(text)
