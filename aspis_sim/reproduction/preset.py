"""Studies kept as TOML files in ``presets/``: what runs, and which published curve each run stands beside.

A file has a ``title``, ``[settings]`` for all its runs and ``[[series]]`` with what each of them changes. The keys of
these tables are the settings of a `Grid` (a value or a list of them) and those in `SERIES_KEYS`.
``[kinds."LABEL"]`` says what a figure's legend means by a label; a series of that ``kind`` has one curve a q.
``[small]`` and the table in it of the first data set that is there say what the scale "small" changes (a kind's own
``small`` table has the last word, ``false`` in a data set's place rules it out), and ``[search]`` which rates a search
tries. With ``extends`` a file adds to what another one says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any, Literal, get_args

from aspis_sim.assignment import ASSIGNMENTS, shape
from aspis_sim.data import source
from aspis_sim.data.status import status
from aspis_sim.errors import DataError, InputError
from aspis_sim.registry import unknown_name
from aspis_sim.reproduction import published
from aspis_sim.reproduction.preset_file import SERIES_KEYS, SMALL_DATA, extended, tables_in
from aspis_sim.run.trying import prepared
from aspis_sim.schemes import scheme
from aspis_sim.spec.checks import check
from aspis_sim.spec.grid import Grid, Replicates

FOLDER = Path(__file__).with_name("presets")

Scale = Literal["paper", "small"]
SCALES: tuple[str, ...] = get_args(Scale)


CHECKPOINTS = 20
"""Points of a curve that stands beside no published one."""

DROPS = "step:factor={}:every={}"
"""A schedule that multiplies the learning rate by a factor every so many steps."""


@dataclass(frozen=True)
class Series:
    """The runs behind one curve, or behind a part of a table.

    Attributes:
        label: of the curve, the scheme's name without one.
        grid: what runs.
        curve: the published curve beside which it stands, if there is one.
        decay: y of the learning rate x·y^(t/z), z being the steps between two checkpoints; None for no decay.
        rate: where x and y are from: "published", or "assumed" and how.
        note: what else is assumed.
    """

    label: str
    grid: Grid
    curve: published.Curve | None = None
    decay: float | None = None
    rate: str = ""
    note: str = ""

    @property
    def checkpoints(self) -> int:
        """Points of the curve, over the whole run."""
        return CHECKPOINTS if self.curve is None else len(self.curve.top1)


@dataclass(frozen=True)
class Planned:
    """A series made ready: one group of cells.

    Attributes:
        series: that it belongs to.
        group: what runs.
        steps: of the whole run, also where it is cut short.
        every: steps between two checkpoints.
    """

    series: Series
    group: Replicates
    steps: int
    every: int


@dataclass(frozen=True)
class Search:
    """Learning rates that a search tries: every x with every y.

    Attributes:
        rates: values of x.
        decay: values of y.
        epochs: that each pair is trained for.
    """

    rates: tuple[float, ...]
    decay: tuple[float, ...]
    epochs: float


@dataclass(frozen=True)
class Preset:
    """A study.

    Attributes:
        name: of its file.
        title: one line.
        figure: of the published curves, as in "7a"; empty for a study of this project.
        scale: "paper", or "small" for another data set and net.
        series: what runs.
        search: learning rates to try, if the paper tried some.
    """

    name: str
    title: str
    figure: str
    scale: Scale
    series: tuple[Series, ...]
    search: Search | None

    def runs(self, max_steps: int | None = None) -> tuple[Planned, ...]:
        """Every group of cells, checked; cut after ``max_steps``, with the schedule of the whole run.

        Raises:
            InputError: something in it does not work; nothing has been trained.
            DataError: the data set is missing or damaged.
        """
        return tuple(run for series in self.series for run in _runs(series, max_steps))


def names() -> tuple[str, ...]:
    """The studies that have a preset: figures in the order of their numbers, then the others."""
    found = [path.stem for path in FOLDER.glob("*.toml") if "series" in tables_in(path)]
    return tuple(sorted(found, key=_place))


def load(name: str, scale: Scale = "paper") -> Preset:
    """Read a preset of the package.

    Raises:
        InputError: no such preset or scale; the nearest name is given.
    """
    if name not in names():
        raise unknown_name("study", name, names())
    return read(FOLDER / f"{name}.toml", scale)


def read(path: Path, scale: Scale = "paper") -> Preset:
    """Read a preset from a file; ``extends`` in it names a file beside it.

    Raises:
        InputError: the file says what is not understood, or is no TOML, or there is no such scale.
        DataError: the small scale's data are missing.
    """
    if scale not in SCALES:
        raise unknown_name("scale", scale, SCALES)
    tables = extended(path)
    search = tables.get("search")
    return Preset(
        name=path.stem,
        title=tables.get("title", path.stem),
        figure=tables.get("figure", ""),
        scale=scale,
        series=tuple(_series(path, tables, _small(path, tables) if scale == "small" else {})),
        search=None if search is None else Search(tuple(search["rates"]), tuple(search["decay"]), search["epochs"]),
    )


def only(preset: Preset, wanted: tuple[str, ...]) -> Preset:
    """The preset with those series alone whose label has one of the texts in it, in any case.

    Raises:
        InputError: a text is in no label.
    """
    labels = [series.label for series in preset.series]
    for text in wanted:
        if not any(text.lower() in label.lower() for label in labels):
            raise unknown_name("series", text, labels)
    kept = [one for one in preset.series if any(text.lower() in one.label.lower() for text in wanted)]
    return replace(preset, series=tuple(kept))


def changed(preset: Preset, **settings: Any) -> Preset:
    """The preset with these settings of every grid replaced."""
    return replace(preset, series=tuple(replace(one, grid=one.grid.replaced(**settings)) for one in preset.series))


def short_runs(series: Series, epochs: float, max_steps: int | None = None) -> Iterator[Planned]:
    """The runs of a series for this many epochs, under the schedule of the whole run.

    Raises:
        InputError: the series is not measured in epochs, or something in it does not work.
        DataError: the data set is missing or damaged.
    """
    (whole,) = series.grid["epochs"]
    if not whole:
        raise InputError(f"{series.label} is not measured in epochs")
    for run in _runs(series, max_steps):
        steps = max(1, min(ceil(run.steps * epochs / whole), run.group.first.steps))
        yield replace(run, group=replace(run.group, first=replace(run.group.first, steps=steps)))


def _runs(series: Series, max_steps: int | None) -> Iterator[Planned]:
    for group in prepared(series.grid):
        steps = group.first.steps
        every = max(1, round(steps / series.checkpoints))
        first = replace(group.first, steps=min(steps, max_steps or steps))
        if series.decay is not None:
            first = replace(first, schedule=DROPS.format(series.decay, every))
            check(first)
        yield Planned(series, replace(group, first=first), steps, every)


def _series(path: Path, tables: Mapping[str, Any], small: Mapping[str, Any]) -> Iterator[Series]:
    kinds = tables.get("kinds", {})
    for written in tables.get("series", []):
        shared = dict(tables.get("settings", {}))
        if "kind" not in written:
            yield _one(shared | written | small, "")
            continue
        if written["kind"] not in kinds:
            raise InputError(f"{path.name}: {unknown_name('kind', written['kind'], kinds)}")
        of_kind = shared | kinds[written["kind"]] | {key: one for key, one in written.items() if key != "kind"}
        of_small = of_kind.pop("small", {})
        of_small = {**small, **of_small} if small else {}
        for q in _several(of_kind["q"]):
            label = f"{written['kind']}, q = {q}"
            curve = published.curve(tables["figure"], written["kind"], q) if "figure" in tables else None
            yield replace(_one(of_kind | {"q": q}, label, of_small), curve=curve)


def _one(written: Mapping[str, Any], label: str, small: Mapping[str, Any] | None = None) -> Series:
    settings = dict(written)
    if small:
        share = small["samples_share"]
        files = _files(settings)
        settings |= {"protocol": "files", "samples_per_file": max(1, round(share * settings["batch_size"] / files))}
        settings |= {"batch_size": None} | {key: value for key, value in small.items() if key != "samples_share"}
    own = {key: settings.pop(key) for key in SERIES_KEYS if key in settings}
    label = label or ", ".join(_several(settings["scheme"]))
    return Series(label, Grid.of(**settings), **own)


def _files(settings: Mapping[str, Any]) -> int:
    assignment = scheme(settings["scheme"]).assignment
    redundancy = settings["redundancy"] if ASSIGNMENTS.traits(assignment).redundant else 1
    return shape(assignment, workers=settings["workers"], redundancy=redundancy).files


def _small(path: Path, tables: Mapping[str, Any]) -> dict[str, Any]:
    """What changes in the settings, for the first of the data sets in ``[small]`` that is there."""
    written = tables.get("small", {})
    wanted = {name: of_dataset for name in SMALL_DATA if (of_dataset := written.get(name))}
    if not wanted:
        raise InputError(f"{path.stem} has no smaller scale; leave `scale` out")
    for dataset, of_dataset in wanted.items():
        if status(dataset).state in ("found", "shipped"):
            shared = {key: value for key, value in written.items() if key not in SMALL_DATA}
            return shared | of_dataset | {"dataset": dataset}
    files = source(next(iter(wanted)))
    assert files is not None
    raise DataError(f"{path.stem} at the small scale needs {files.name}: {files.remedy()}")


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _place(name: str) -> tuple[bool, int, str]:
    of_figure = name.startswith("fig-")
    digits = "".join(one for one in name if one.isdigit() and of_figure)
    return not of_figure, int(digits or 0), name
