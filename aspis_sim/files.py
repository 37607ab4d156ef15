"""Files that results are written to: checked before any work, and replaced whole."""

import os
import tempfile
from pathlib import Path

from aspis_sim.errors import InputError


def writable(path: Path) -> Path:
    """Return ``path`` if a file can be written there, its folders made.

    Raises:
        InputError: it cannot; says which folder and why.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder; name a file in it")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror} ({path.parent})") from None
    return path


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace the file at ``path`` by ``content``, text as UTF-8: it always holds either the old content or the new."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
