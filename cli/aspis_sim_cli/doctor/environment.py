"""What is around the program: memory, the cache, data sets, plugins, the terminal, the environment."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aspis_sim import plugin
from aspis_sim.errors import DataError, InputError, PluginError
from aspis_sim_cli import cache
from aspis_sim_cli.doctor.finding import Finding, State
from aspis_sim_cli.spelling import spelled

USUAL_MEMORY, LEAST_MEMORY = 4 * 10**9, 10**9
"""Bytes: what ``--memory`` allows a step unless told otherwise, and what the program needs to do anything."""
LEAST_DISK = 5 * 10**8
WIDTH = 80
"""Columns that the tables are laid out for."""
VARIABLES = ("ASPIS_", "JAX_", "XLA_")


def memory() -> Iterator[Finding]:
    """Memory of the machine, what of it is free, and what a container allows."""
    total, free = _memory()
    if total is not None:
        yield Finding("memory", "total", f"{total / 1e9:.1f} GB")
    if free is None:
        return
    state, remedy = State.OK, ""
    if free < USUAL_MEMORY:
        state = State.NOTE if free >= LEAST_MEMORY else State.WRONG
        remedy = f"a step may take 4 GB; with less free take --memory {max(1, int(free / 2e8)) / 10:g}GB"
    yield Finding("memory", "free", f"{free / 1e9:.1f} GB", state, remedy)


def cache_folder() -> Iterator[Finding]:
    """Where compiled programs are kept, how many, and whether more can be."""
    folder = cache.folder()
    if folder is None:
        remedy = f"every process compiles anew; unset {cache.VARIABLE}, or name a folder in it"
        yield Finding("cache", "folder", "none", State.NOTE, remedy)
        return
    reason = _unwritable(folder)
    remedy = f"name a folder that can be written in {cache.VARIABLE}" if reason else ""
    if not reason and (risk := cache.unsafe(folder)):
        reason, _, remedy = risk.partition("; ")
    text = f"{folder}: {reason}" if reason else str(folder)
    yield Finding("cache", "folder", text, State.WRONG if reason else State.OK, remedy)
    if reason:
        return
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    yield Finding("cache", "size", f"{len(files)} files, {size / 1e6:.1f} MB")
    left = shutil.disk_usage(_existing(folder)).free
    few = left < LEAST_DISK
    remedy = f"make room on the disk of {folder}" if few else ""
    yield Finding("cache", "disk", f"{left / 1e9:.1f} GB free", State.WRONG if few else State.OK, remedy)


def data_sets() -> Iterator[Finding]:
    """Every data set: whether it is here, and if so whether it is whole."""
    from aspis_sim.data import DATASETS
    from aspis_sim.data.status import status

    for name in DATASETS:
        one = status(name)
        if one.missing:
            state = State.NOTE if one.state == "missing" else State.WRONG
            yield Finding("data", name, one.state, state, spelled(one.remedy))
            continue
        try:
            found = DATASETS.build(name)
        except (DataError, PluginError, InputError) as error:
            problem = " ".join(spelled(str(error)).split())
            yield Finding("data", name, problem, State.WRONG, "aspis-sim data verify says more")
        else:
            where = f" in {one.folder}" if one.folder else ""
            samples = sum(len(labels) for labels in found.labels.values())
            yield Finding("data", name, f"{one.state}{where}, {samples:,} samples, SHA-256 {found.sha256[:12]}")


def plugins() -> Iterator[Finding]:
    """The plugins that are loaded, and those that are installed but cannot be."""
    for name, sha256 in plugin.loaded():
        yield Finding("plugins", name, f"loaded, SHA-256 {sha256[:12]}")
    for failure in plugin.installed():
        remedy = "mend or uninstall the package; it is left out until then"
        yield Finding("plugins", plugin.readable(failure.name), failure.reason, State.WRONG, remedy)


def terminal() -> Iterator[Finding]:
    """How wide the terminal is, and whether it shows what tables contain."""
    columns = shutil.get_terminal_size().columns
    narrow = columns < WIDTH
    remedy = f"tables are made for {WIDTH} columns; widen it, set COLUMNS, or take --format csv" if narrow else ""
    yield Finding("terminal", "width", f"{columns} columns", State.NOTE if narrow else State.OK, remedy)
    encoding = sys.stdout.encoding or "none"
    try:
        "ε ± ×".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        yield Finding("terminal", "encoding", encoding, State.WRONG, "set PYTHONIOENCODING=utf-8")
    else:
        yield Finding("terminal", "encoding", encoding)


def settings() -> Iterator[Finding]:
    """Variables of the environment that change what the program does."""
    for name, value in sorted(os.environ.items()):
        if name.startswith(VARIABLES):
            yield Finding("settings", name, value)


def _memory() -> tuple[int | None, int | None]:
    """Bytes of memory in all and free, within the limits of a container."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total: int | None = page * os.sysconf("SC_PHYS_PAGES")
        free: int | None = page * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        total = free = None
    for line in _lines("/proc/meminfo"):
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            free = int(rest.split()[0]) * 1024
    limit, used = _number("/sys/fs/cgroup/memory.max"), _number("/sys/fs/cgroup/memory.current")
    if limit is not None:
        total = limit if total is None else min(total, limit)
        free = limit - (used or 0) if free is None else min(free, limit - (used or 0))
    return total, free


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _number(path: str) -> int | None:
    text = "".join(_lines(path))
    return int(text) if text.isdigit() else None


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _unwritable(folder: Path) -> str:
    """Why nothing can be written into a folder that is there or is still to be made; empty if it can."""
    nearest = _existing(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=nearest):
            return ""
    except OSError as error:
        return f"cannot be written ({error.strerror})"
