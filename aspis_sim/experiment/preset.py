"""Studies kept as TOML files in ``presets/``: what each series of runs is, and which published curve it stands beside.

A file has a ``title``, ``[settings]`` for all its series, ``[[series]]`` with what each changes, and ``[small]`` with
what ``--scale small`` changes in all of them. The keys of these tables are the fields of a `Grid`, a single value
standing for a list of one; a series may also have those of `SERIES_KEYS`. With ``extends`` a file takes over what
another one says and does not say itself.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from aspis_sim.errors import InputError
from aspis_sim.experiment.grid import Grid, Group, Setting
from aspis_sim.registry import unknown_name

FOLDER = Path(__file__).with_name("presets")

Scale = Literal["paper", "small"]
SCALES: tuple[str, ...] = get_args(Scale)

FILE_KEYS = ("title", "extends", "figure", "checkpoints", "settings", "small", "series")
SERIES_KEYS = ("published", "decay", "rate", "note")
GRID_KEYS = {field.name: field for field in fields(Grid)}


@dataclass(frozen=True)
class Series:
    """The runs behind one curve, or behind one part of a table.

    Attributes:
        grid: what runs.
        published: name of the published curve beside which they stand; empty if there is none.
        decay: y of the learning rate x·y^(t/z), z being the steps between two checkpoints; None for no decay.
        rate: where the rate is from: "published", or "assumed" and from what.
        note: what a reader has to know.
    """

    grid: Grid
    published: str = ""
    decay: float | None = None
    rate: str = ""
    note: str = ""


@dataclass(frozen=True)
class Preset:
    """A study.

    Attributes:
        name: of its file.
        title: one line.
        figure: of the published curves, as in "7a"; empty for a study of this project.
        checkpoints: points of a curve, and steps of the decay.
        scale: "paper" or "small".
        series: its runs.
    """

    name: str
    title: str
    figure: str
    checkpoints: int
    scale: Scale
    series: tuple[Series, ...]

    def tables(self) -> dict[Setting, tuple[Group, ...]]:
        """All runs as the tables of a sweep, q by q; see `Grid.tables`."""
        found: dict[Setting, list[Group]] = {}
        for series in self.series:
            for setting, groups in series.grid.tables().items():
                found.setdefault(setting, []).extend(groups)
        return {setting: tuple(dict.fromkeys(groups)) for setting, groups in found.items()}


def names() -> tuple[str, ...]:
    """The studies that have a preset, figures in the order of their numbers."""
    found = [path.stem for path in FOLDER.glob("*.toml") if "series" in _tables(path)]
    return tuple(sorted(found, key=lambda name: (not name.startswith("fig-"), _number(name), name)))


def load(name: str, scale: Scale = "paper") -> Preset:
    """Read a preset.

    Raises:
        InputError: no such preset or scale, or the file says what is not understood; the nearest name is given.
    """
    if name not in names():
        raise unknown_name("study", name, names())
    if scale not in SCALES:
        raise unknown_name("scale", scale, SCALES)
    return read(FOLDER / f"{name}.toml", scale)


def read(path: Path, scale: Scale = "paper") -> Preset:
    """Read a preset from a file of its own; ``extends`` names a file beside it.

    Raises:
        InputError: the file says what is not understood.
    """
    tables = _extended(path)
    settings = dict(tables.get("settings", {}))
    small = tables.get("small", {}) if scale == "small" else {}
    if scale == "small" and not small:
        raise InputError(f"{path.stem} is small as it is; leave --scale out")
    return Preset(
        name=path.stem,
        title=tables.get("title", path.stem),
        figure=tables.get("figure", ""),
        checkpoints=tables.get("checkpoints", 20),
        scale=scale,
        series=tuple(_series(path, settings | one | small) for one in tables.get("series", [])),
    )


def _series(path: Path, written: Mapping[str, Any]) -> Series:
    own = {key: value for key, value in written.items() if key in SERIES_KEYS}
    of_grid = {key: _as_field(key, value) for key, value in written.items() if key not in SERIES_KEYS}
    return Series(Grid(**of_grid), **own)


def _as_field(key: str, value: Any) -> Any:
    if not str(GRID_KEYS[key].type).startswith("tuple"):
        return value
    return tuple(value) if isinstance(value, list) else (value,)


def _extended(path: Path) -> dict[str, Any]:
    """The tables of a file, all keys checked, on top of those of the file that it extends."""
    tables = _tables(path)
    _known(path, "", tables, FILE_KEYS)
    for name in ("settings", "small"):
        _known(path, f"[{name}] ", tables.get(name, {}), (*GRID_KEYS, *SERIES_KEYS))
    for one in tables.get("series", []):
        _known(path, "[[series]] ", one, (*GRID_KEYS, *SERIES_KEYS))
    if "extends" not in tables:
        return tables
    base = _extended(path.with_name(f"{tables['extends']}.toml"))
    merged = {name: base.get(name, {}) | tables.get(name, {}) for name in ("settings", "small")}
    return base | tables | merged


def _known(path: Path, table: str, written: Mapping[str, Any], known: Any) -> None:
    for key in written:
        if key not in known:
            raise InputError(f"{path.name}: {table}{unknown_name('key', key, known)}")


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"preset {path}: {error}") from None


def _number(name: str) -> int:
    digits = "".join(one for one in name if one.isdigit())
    return int(digits or 0)
