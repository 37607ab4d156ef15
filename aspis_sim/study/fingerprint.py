"""What a run is known by: SHA-256 over all that its numbers follow from, so that nothing that differs can collide.

A run's key is the hash of three things: the settings of its cell as canonical JSON, the version of the code, and the
checksum of the data. Settings that have their default are left out (but for a few that always were there), so that a
later version, which knows more of them, recognises the cell as one that other code left; the version of the code has a
say in the defaults. That version is a hash of the source files of every room that has a say in the numbers, read as
syntax trees without docstrings (so that a comment changes nothing and any other edit does), of the data files among
them, of the plugins that the cell uses, of the versions of the libraries that compute, and of the variables of the
environment that change numbers and cannot be pinned. The learning rate that a search has chosen is a setting of the
cell; which rates were tried changes which runs there are, not what one computes.
"""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aspis_sim.environment import unpinned
from aspis_sim.errors import DataError
from aspis_sim.plugin import loaded, unless_broken
from aspis_sim.spec.cell import KNOBS, Cell
from aspis_sim.spec.grid import Grid
from aspis_sim.spec.sizes import dataset_of

PACKAGE = Path(__file__).parents[1]

OWN = ("lr", "seed")
"""Settings in which the runs of one group differ."""

BESIDE = (
    "__init__.py", "analysis", "battery", "files.py", "front.py", "metrics", "plugin", "records.py", "report",
    "reproduction", "run", "schemes.py", "spec", "study", "trials", "version.py",
)  # fmt: skip
"""Rooms and files that have no say in the numbers of a run, but for `COUNTED`."""

COUNTED = (
    *(f"spec/{name}.py" for name in ("adversary", "cell", "compute", "part", "sizes", "system", "training")),
    *(f"run/figures/{name}.py" for name in ("columns", "price", "published")),
    *(f"run/{name}.py" for name in ("options", "resolve", "row", "shards", "train")),
)

LIBRARIES = ("jax", "jaxlib", "numpy", "flax", "optax")

_ALWAYS = tuple(one for name, one in KNOBS.items() if one.identity)
_UNLESS_DEFAULT = tuple(
    (one, Cell.__dataclass_fields__[name].default)
    for name, one in KNOBS.items()
    if not one.identity and name not in OWN
)
_BY_STORED = {one.stored: name for name, one in KNOBS.items()}


@dataclass(frozen=True)
class Origin:
    """What a run's numbers follow from besides its cell.

    Attributes:
        code: version of the code, 64 hex digits.
        data: SHA-256 of the data set.
    """

    code: str
    data: str


def canonical(value: Any) -> str:
    """JSON with one spelling: sorted keys, no blanks, ASCII, floats in their shortest exact form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def sha256(text: str) -> str:
    """The hash of a text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def group_digest(cell: Cell) -> str:
    """What the runs of a cell with any rate and seed have in common."""
    given = {one.stored: getattr(cell, one.name) for one in _ALWAYS}
    given |= {one.stored: value for one, default in _UNLESS_DEFAULT if (value := getattr(cell, one.name)) != default}
    return sha256(canonical(given))


def group_specification(cell: Cell) -> str:
    """Every setting of a cell but its rate and its seed, as canonical JSON."""
    return canonical({one.stored: getattr(cell, name) for name, one in KNOBS.items() if name not in OWN})


def grid_digest(grid: Grid) -> str:
    """What grids that ask for the same have in common."""
    return sha256(canonical(grid.identity))


def run_key(digest: str, lr: float, seed: int, origin: Origin) -> str:
    """The key of a run: of a group with this digest, with this rate and seed, computed by this code from these data."""
    return sha256(f"{digest} {float(lr)!r} {int(seed)} {origin.code} {origin.data}")


def settings_of(specification: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a group's specification; those that it does not name have their defaults.

    Raises:
        DataError: it names settings that this version does not know.
    """
    if unknown := sorted(set(specification) - set(_BY_STORED)):
        raise DataError(
            f"the study's cells have {', '.join(unknown)}, which this aspis-sim does not know; take a newer one"
        )
    return {_BY_STORED[name]: value for name, value in specification.items()}


def cell_of(specification: str, lr: float, seed: int) -> Cell:
    """The cell of a group's specification with this rate and seed.

    Raises:
        DataError: as `settings_of`.
    """
    return Cell(**settings_of(json.loads(specification)), lr=lr, seed=seed)


def origin_of(cell: Cell) -> Origin:
    """Code and data of a cell as they are now.

    Raises:
        DataError: the data are missing or damaged.
    """
    plugins = [f"{source.name} {source.sha256}" for source in cell.plugins] if loaded() else []
    besides = [*plugins, *(f"{name} {value}" for name, value in sorted(unpinned().items()))]
    code = sha256(canonical([code_version(), *besides])) if besides else code_version()
    return Origin(code, _data_checksum(cell.dataset, cell))


_checksums: dict[str, str] = {}


def _data_checksum(dataset: str, cell: Cell) -> str:
    if dataset not in _checksums:
        _checksums[dataset] = unless_broken(lambda: dataset_of(cell).sha256) or "none: the plugin is broken"
    return _checksums[dataset]


@cache
def code_version() -> str:
    """The version of the code that computes, 64 hex digits."""
    total = hashlib.sha256()
    for library in LIBRARIES:
        total.update(f"{library} {version(library)}\n".encode())
    for name, path in sources(PACKAGE):
        content = path.read_bytes()
        text = meaning(content) if path.suffix == ".py" else content
        total.update(f"{name} {hashlib.sha256(text).hexdigest()}\n".encode())
    return total.hexdigest()


def sources(package: Path) -> list[tuple[str, Path]]:
    """Name and path of every file that has a say in the numbers, by name."""
    found = []
    for path in package.rglob("*"):
        name = path.relative_to(package).as_posix()
        counts = name.split("/")[0] not in BESIDE or name in COUNTED
        if counts and path.is_file() and "__pycache__" not in name and not path.name.startswith("."):
            found.append((name, path))
    return sorted(found)


def meaning(source: bytes) -> bytes:
    """A module's syntax tree without docstrings: the same for two sources that differ in comments and layout only."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
    return ast.dump(tree).encode()


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
