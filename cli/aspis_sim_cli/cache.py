"""The user's cache: compiled programs, so that the next process need not compile them, and how long runs took."""

import hashlib
import os
import platform
from pathlib import Path

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
    """The file of earlier timings."""
    own = folder()
    return None if own is None else own / "timings.jsonl"


def use_compiled(wanted: bool) -> None:
    """Let JAX keep compiled programs in the user's cache, in a folder of this processor and these versions.

    Programs are compiled for the features of one processor: on a home folder that machines share, each kind of them
    has its own. A folder that cannot be written is let be.
    """
    own = folder()
    if not wanted or own is None:
        return
    import jax
    import jaxlib

    place = own / "programs" / _kind_of_machine(jaxlib.__version__)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(place))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def _kind_of_machine(version: str) -> str:
    features = [platform.machine(), platform.python_implementation(), version]
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        features += sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    except OSError:
        features.append(platform.processor())
    return f"{platform.machine()}-{hashlib.sha256(chr(10).join(features).encode()).hexdigest()[:12]}"
