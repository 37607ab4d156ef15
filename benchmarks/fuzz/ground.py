"""Where inputs are run: a folder that is emptied before each, beside files and a home folder that none may change."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.bench_store import GRID, fill

SMALL = GRID.replaced(scheme=("aspis", "median"), q=(1, 2), strength=(0.5,), seed=(0, 1), steps=10)
"""8 cells."""

CONFIGURATION = """# a sweep of a moment
q = "1..3"
workers = 15
scheme = ["aspis", "median"]
payload = "alie"

[sweep]
lr = [0.03, 0.1]
seeds = "0..1"
steps = 60
permute = true

[train]
q = 2
lr = 0.1
"""
ENVIRONMENT = {
    "COLUMNS": "100",
    "ASPIS_CACHE_DIR": "",
    "ASPIS_DATA_DIR": "",
    "XDG_DATA_HOME": "",
}

DEVICES = ("/dev/null", "/dev/full", "/dev/zero")
"""Inputs name them as files to read or write; they must stay what they are."""


@dataclass(frozen=True)
class Ground:
    """The folders of inputs.

    Attributes:
        folder: holds ``given``, ``home`` and ``work``, the current folder of an input.
    """

    folder: Path

    @property
    def given(self) -> Path:
        """Files that inputs read."""
        return self.folder / "given"

    @property
    def work(self) -> Path:
        """The folder of one input."""
        return self.folder / "work"

    @cached_property
    def study(self) -> bytes:
        """The database of a study of 8 cells."""
        return (self.given / "study/study.db").read_bytes()

    @cached_property
    def rows(self) -> bytes:
        """The rows of that study, as CSV."""
        return (self.given / "rows.csv").read_bytes()

    def emptied(self) -> Path:
        """The folder of an input, with nothing in it."""
        for one in os.scandir(self.work):
            if one.is_dir(follow_symlinks=False):
                shutil.rmtree(one.path)
            else:
                os.unlink(one.path)
        return self.work

    def guarded(self) -> dict[str, tuple[int, int, int]]:
        """Path -> inode, size and time of the last change of all that no input may change, devices among it.

        What SQLite puts beside a database that it reads is left out; Matplotlib has a folder of its own.
        """
        states = {path: os.lstat(path) for path in DEVICES}
        found = {path: (state.st_ino, state.st_mode, state.st_rdev) for path, state in states.items()}
        for place in (self.given, self.folder / "home"):
            for root, folders, files in os.walk(place):
                for name in (*folders, *files):
                    if not name.endswith((".db-shm", ".db-wal")):
                        state = os.lstat(path := os.path.join(root, name))
                        held = (0, 0) if name in folders else (state.st_size, state.st_mtime_ns)
                        found[path] = (state.st_ino, *held)
        return found


@contextmanager
def made(folder: Path) -> Iterator[Ground]:
    """Lay the ground in a folder, and run what follows in it, in an environment of its own."""
    ground = Ground(folder)
    for one in ("given", "home", "work"):
        (folder / one).mkdir()
    _give(ground)
    before = dict(os.environ), Path.cwd()
    os.environ.update(ENVIRONMENT, HOME=str(folder / "home"), MPLCONFIGDIR=str(folder / "matplotlib"))
    try:
        yield ground
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        os.chdir(before[1])


def _give(ground: Ground) -> None:
    from aspis_sim.assignment import build
    from aspis_sim.records import as_csv
    from aspis_sim.run.row import COLUMNS
    from aspis_sim.study import Study

    given = ground.given
    fill(given / "study", SMALL, SMALL.groups())
    with Study.open(given / "study") as store:
        rows = as_csv(store.rows(), tuple(COLUMNS))
    groups = build("subset", workers=7, redundancy=3).files.tolist()
    texts = {
        "rows.csv": rows,
        "study.toml": CONFIGURATION,
        "groups.json": json.dumps({"files": groups}),
        "groups.csv": "".join(f"{','.join(map(str, group))}\n" for group in groups),
        "empty": "",
    }
    for name, text in texts.items():
        (given / name).write_text(text, encoding="utf-8")
    (given / "binary").write_bytes(bytes(range(256)))
    (given / "loop").symlink_to("loop")
