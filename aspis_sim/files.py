"""Files that results are written to, checked before any work; and files from others, of which only so much is read.

A regular file is replaced whole and keeps its permissions; a new one gets those of the user's mask. Symbolic links are
followed and stay. Character devices, named pipes and the descriptors of this process (``/dev/stdout``, a shell's
``>(command)``) are written through, and never replaced.
"""

import fcntl
import io
import os
import select
import stat
from contextlib import suppress
from pathlib import Path

from aspis_sim.errors import DataError, InputError

LINKS = 40
"""Symbolic links followed to find a descriptor of this process."""

CHUNK = 1 << 20
"""Bytes read at a time."""

DEVICE = 1 << 24
"""Bytes that are read of a device, which may have no end."""

PATIENCE = 5.0
"""Seconds that a named pipe may stay without a writer."""

_moved: dict[int, int] = {}


def writable(path: Path) -> Path:
    """Return ``path`` if results can be written there, the folders of a file made.

    Raises:
        InputError: they cannot; says which folder and why.
    """
    try:
        if replaced(path):
            target = Path(os.path.realpath(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = beside(target)
            os.close(descriptor)
            os.unlink(name)
        if (own := _descriptor(path)) is not None:
            denied = fcntl.fcntl(own, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        else:
            denied = os.path.exists(path) and not os.access(path, os.W_OK)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror} ({path.parent})") from None
    if denied:
        raise InputError(f"cannot write {path}: Permission denied")
    return path


def replaced(path: Path) -> bool:
    """Whether `write_whole` replaces what is at ``path``, as it does with regular files; else it writes through.

    Raises:
        InputError: it does neither with a folder, a disk, a socket or a name that cannot be.
        OSError: the path cannot be looked at.
    """
    if "\0" in str(path):
        raise InputError(f"cannot write {str(path)!r}: no name holds a null character")
    if _descriptor(path) is not None:
        return False
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        # The name may lead through a folder that is not there to one that is: ``missing/../results``.
        mode = stat.S_IFDIR if os.path.isdir(os.path.realpath(path)) else stat.S_IFREG
    if stat.S_ISDIR(mode):
        raise InputError(f"cannot write {path}: it is a folder; name a file in it")
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        kind = "disk" if stat.S_ISBLK(mode) else "socket"
        raise InputError(f"cannot write {path}: it is a {kind}; name a file")
    return stat.S_ISREG(mode)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write ``content``, text as UTF-8: a regular file always holds either the old content or the new.

    Raises:
        DataError: it cannot be written, for want of room for example; a regular file has its old content.
    """
    whole = content.encode() if isinstance(content, str) else content
    try:
        if replaced(path):
            _replace(Path(os.path.realpath(path)), whole)
        else:
            _write_through(path, whole)
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}") from None


def beside(target: Path) -> tuple[int, str]:
    """A new file in the same folder, open for writing: descriptor and name; its permissions are the mask's."""
    import secrets

    name = str(target.parent / f".{target.name[:40]}.{secrets.token_hex(6)}")
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), name


def read_bounded(path: Path, limit: int, what: str = "file") -> bytes:
    """The bytes of a file, whatever size the system claims for it; of a pipe or a device, what it gives until its end.

    Args:
        path: of the file.
        limit: bytes that it may hold; a device may give `DEVICE` at most.
        what: it should be, for messages.

    Raises:
        InputError: it holds more, or nothing is written into a named pipe.
        OSError: it cannot be read.
    """
    content = bytearray()
    own = _descriptor(path)
    opened = os.dup(own) if own is not None else os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb", buffering=0) as file:
        mode = os.fstat(opened).st_mode
        if own is None:
            if stat.S_ISFIFO(mode):
                _await(opened, path)
            os.set_blocking(opened, True)
        if stat.S_ISCHR(mode):
            limit = min(limit, DEVICE)
        while piece := file.read(CHUNK):
            content += piece
            if len(content) > limit:
                raise InputError(f"{path} is larger than {limit:,} bytes, which no {what} is")
    return bytes(content)


def read_text(path: Path, limit: int, what: str = "file") -> str:
    """The text of a file in UTF-8, with or without a byte order mark, its lines ended by ``\\n``.

    Raises:
        InputError, OSError: as `read_bounded`.
        UnicodeDecodeError: it is not UTF-8.
    """
    return io.TextIOWrapper(io.BytesIO(read_bounded(path, limit, what)), encoding="utf-8-sig").read()


def _await(descriptor: int, path: Path) -> None:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(1000 * PATIENCE):
        raise InputError(f"{path} is a pipe into which nothing is written; name a file, or start its writer first")


def moved(descriptor: int, to: int) -> None:
    """From now on, paths that name a descriptor of this process mean another, to which its stream went."""
    _moved[descriptor] = to


def _descriptor(path: Path) -> int | None:
    """The descriptor of this process that a path names, as ``/dev/stdout`` and ``/dev/fd/63`` do."""
    own = os.path.realpath("/dev/fd")
    for _ in range(LINKS):
        if path.name.isdigit() and os.path.realpath(path.parent) == own:
            return _moved.get(int(path.name), int(path.name))
        try:
            path = path.parent / os.readlink(path)
        except (OSError, ValueError):
            return None
    return None


def _write_through(path: Path, content: bytes) -> None:
    own = _descriptor(path)
    opened = os.dup(own) if own is not None else os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(opened, "wb") as file:
        file.write(content)


def _replace(target: Path, content: bytes) -> None:
    descriptor, name = beside(target)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _keep_permissions(target, descriptor)
            os.fsync(descriptor)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _keep_permissions(target: Path, descriptor: int) -> None:
    try:
        before = os.stat(target)
    except FileNotFoundError:
        return
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
        with suppress(PermissionError):
            os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)
