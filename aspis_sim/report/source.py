"""Opening what the user names: a study's folder, with its traces, or a sweep's CSV file, without."""

import gc
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aspis_sim.data.status import unpublished
from aspis_sim.errors import InputError
from aspis_sim.registry import unknown_name
from aspis_sim.run.row import Row
from aspis_sim.spec.cell import BY_COLUMN
from aspis_sim.study.fingerprint import Origin
from aspis_sim.study.reading import as_number, read_csv, written
from aspis_sim.study.records import StoredRun, StoredTrace
from aspis_sim.study.study import Study


def _untraced(index: int) -> StoredTrace | None:
    return None


@dataclass(frozen=True, eq=False)
class Source:
    """What a report is made from.

    Attributes:
        name: shown as the title.
        rows: of all cells, in the order of the study.
        timeline: from a row's index to its run over the steps, None where that is not known.
        traced: whether any timeline is known.
        commands: that asked for the cells, oldest first; empty if not known.
        made_by: versions, devices and hosts -> the values met and in how many cells.
        origins: versions of the code or the data that the rows come from, as far as is known.
        unpublished: what is to be said of data that are not the published ones, as far as is known.
    """

    name: str
    rows: tuple[Row, ...]
    timeline: Callable[[int], StoredTrace | None] = _untraced
    traced: bool = False
    commands: tuple[str, ...] = ()
    made_by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    origins: int = 1
    unpublished: tuple[str, ...] = ()


def only(source: Source, kept: Iterable[tuple[str, Iterable[str]]]) -> Source:
    """The runs in which each of these settings has one of the values that stand beside it.

    Raises:
        InputError: no such setting, or a value that none of the runs has (the nearest is named).
    """
    places = list(range(len(source.rows)))
    for name, values in kept:
        found = _having([source.rows[place] for place in places], name, values)
        places = [places[one] for one in found]
    if len(places) == len(source.rows):
        return source
    rows = tuple(source.rows[place] for place in places)
    return replace(source, rows=rows, timeline=lambda index: source.timeline(places[index]))


def _having(rows: Sequence[Row], name: str, values: Iterable[str]) -> list[int]:
    """Where the rows stand in which a setting has one of these values, as they are written; ``0..4`` is a range."""
    if name not in BY_COLUMN:
        raise unknown_name("setting", name, BY_COLUMN)
    shown = [written(row[name]) for row in rows]
    known, wanted = set(shown), set[str]()
    for value in values:
        span = re.fullmatch(r"(\d{1,20})\.\.(\d{1,20})", value)
        met = {one for one in known if one.isdigit() and int(span[1]) <= int(one) <= int(span[2])} if span else set()
        if not met and as_number(value) not in known:
            raise unknown_name(f"value of {name},", value, known)
        wanted |= met or {as_number(value)}
    return [place for place, value in enumerate(shown) if value in wanted]


@contextmanager
def opened(path: Path, rows_only: bool = False) -> Iterator[Source]:
    """The study at ``path``, whose timelines can be read while it is open.

    Args:
        path: a study's folder or a sweep's CSV file.
        rows_only: leave out all but the rows, which is quicker.

    Raises:
        InputError: there is nothing at ``path``, or no finished cell in it.
        DataError: what is there is neither a study nor a sweep's CSV, or is damaged.
    """
    if not path.exists():
        raise InputError(f"there is no study at {path}; name a study's folder or the CSV file of a sweep")
    if not path.is_dir():
        with _all_kept():
            rows = read_csv(path)
        yield Source(path.stem, rows)
        return
    with Study.open(path) as study:
        name = path.resolve().name
        with _all_kept():
            source = _only_rows(study, name) if rows_only else from_study(study, name)
        yield _checked(source)


@contextmanager
def _all_kept() -> Iterator[None]:
    """No search for garbage while rows are read, all of which stay: it would take a quarter of the time."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def from_study(study: Study, name: str) -> Source:
    """What an open study holds."""
    runs = study.runs()

    def timeline(index: int) -> StoredTrace | None:
        trace = study.trace(runs[index].key)
        return trace if len(trace.loss) else None

    commands = dict.fromkeys(command for grid in study.grids() for command in grid["commands"])
    return Source(
        name=name,
        rows=tuple(run.row for run in runs),
        timeline=timeline,
        traced=True,
        commands=tuple(commands),
        made_by=_made_by(runs),
        origins=len({run.origin for run in runs}),
        unpublished=_unpublished((run.row.dataset, run.origin) for run in runs),
    )


def _only_rows(study: Study, name: str) -> Source:
    placed, origins = list(study.placed_rows()), study.origins()
    return Source(
        name,
        tuple(row for _, row in placed),
        origins=len({place.origin for place, _ in placed}),
        unpublished=_unpublished((row.dataset, origins.get(place.origin)) for place, row in placed),
    )


def _unpublished(trained_on: Iterable[tuple[str, Origin | None]]) -> tuple[str, ...]:
    """What is to be said of the data sets of runs, each with their origin."""
    data = dict.fromkeys((dataset, origin.data) for dataset, origin in trained_on if origin is not None)
    return tuple(said for dataset, sha256 in data if (said := unpublished(dataset, sha256)))


def _checked(source: Source) -> Source:
    if not source.rows:
        raise InputError(f"no cell of the study {source.name} has finished yet; its sweep resumes when it is run again")
    return source


def _made_by(runs: Iterable[StoredRun]) -> Mapping[str, Mapping[str, int]]:
    """Versions, devices and hosts, each with the number of cells; the time of the first and the last."""
    cells: Counter[tuple[Any, ...]] = Counter()
    times = []
    for run in runs:
        assert run.machine is not None
        assert run.origin is not None
        cells[tuple(run.machine.versions.items()), run.machine.device, run.machine.host, run.origin] += 1
        times.append(run.finished)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for (versions, device, host, origin), count in cells.items():
        beside = (("device", device), ("host", host), ("code", origin.code[:12]), ("data", origin.data[:12]))
        for name, value in (*versions, *beside):
            found[name][value] += count
    if times:
        found["cells finished (UTC)"][f"{min(times)} to {max(times)}"] = sum(cells.values())
    return found
