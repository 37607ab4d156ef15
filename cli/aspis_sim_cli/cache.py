"""The user's cache: compiled programs, so that the next process need not compile them, and how long runs took.

Compiled programs are native code that is loaded and run, so the folder is used only if nobody else can put files there.
"""

import os
import stat
from pathlib import Path

from aspis_sim.printable import printable
from aspis_sim_cli.boundary import complain

VARIABLE = "ASPIS_CACHE_DIR"
"""Environment variable that names the folder; empty for none."""


def folder() -> Path | None:
    """``$ASPIS_CACHE_DIR``, else ``aspis-sim`` in ``$XDG_CACHE_HOME`` or ``~/.cache``; None if there is to be none."""
    named = os.environ.get(VARIABLE)
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        if named is not None:
            return Path(named).expanduser() if named else None
        return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "aspis-sim"
    except RuntimeError:
        return None


def history() -> Path | None:
    """The file of earlier timings, None if there is to be none."""
    own = folder()
    return None if own is None or unsafe(own) else own / "timings.jsonl"


def unsafe(own: Path) -> str:
    """Why others could put files into a folder of the user or replace it, with what to do; empty if they cannot.

    The folder must belong to the user and be writable by nobody else; a group of the user's own name is the user. A
    folder above it must not be writable by everybody, unless it is sticky as /tmp is. One that is not there is safe.
    """
    if not hasattr(os, "geteuid"):
        return ""
    try:
        path = own.resolve()
    except (OSError, RuntimeError):
        return ""
    for one in (*reversed(path.parents), path):
        try:
            state = one.stat()
        except OSError:
            break
        if one == path and state.st_uid != os.geteuid():
            return f"{one} belongs to another user ({state.st_uid}); name a folder of your own in {VARIABLE}"
        if one == path and _written_by_others(state):
            return f"others can write {one}; remove it, or empty it and take the right away: chmod go-w"
        if state.st_mode & stat.S_IWOTH and not state.st_mode & stat.S_ISVTX:
            return f"others can replace what is in {one}; name another folder in {VARIABLE}"
    return ""


def _written_by_others(state: os.stat_result) -> bool:
    if state.st_mode & stat.S_IWOTH:
        return True
    if not state.st_mode & stat.S_IWGRP:
        return False
    import grp
    import pwd

    try:
        return grp.getgrgid(state.st_gid).gr_name != pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return True


def use_compiled(wanted: bool) -> None:
    """Let JAX keep compiled programs in the user's cache, in a folder of this processor and these versions.

    Programs are compiled for the features of one processor: on a home folder that machines share, each kind of them
    has its own. A folder that cannot be written is let be, one that others can write is not used and that is said.
    """
    own = folder()
    if not wanted or own is None:
        return
    import jax
    import jaxlib

    place = own / "programs" / _kind_of_machine(jaxlib.__version__)
    reason = unsafe(own)
    try:
        for one in () if reason else (*reversed(own.parents), own, place.parent, place):
            if not one.is_dir():
                one.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return
    if reason := reason or unsafe(place.parent) or unsafe(place):
        complain(f"compiled programs are not kept: {printable(reason)}")
        return
    jax.config.update("jax_compilation_cache_dir", str(place))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def _kind_of_machine(version: str) -> str:
    import hashlib
    import platform

    features = [platform.machine(), platform.python_implementation(), version]
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        features += sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    except OSError:
        features.append(platform.processor())
    return f"{platform.machine()}-{hashlib.sha256(chr(10).join(features).encode()).hexdigest()[:12]}"
