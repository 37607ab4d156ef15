"""Opening what the user names: a study's folder, with its traces, or a sweep's CSV file, without."""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aspis_sim.analysis.sheets import Settings
from aspis_sim.errors import InputError
from aspis_sim.report.study import StudyData, from_csv
from aspis_sim.run.row import COLUMNS
from aspis_sim.study import Record, Store, StoredTrace

SHOWN = frozenset((*COLUMNS, "framed"))
"""Fields of a cell that its row shows."""


@contextmanager
def opened(path: Path, rows_only: bool = False) -> Iterator[StudyData]:
    """The study at ``path``, whose timelines can be read while it is open.

    Args:
        path: a study's folder or a sweep's CSV file.
        rows_only: leave out all but the rows, which is quicker.

    Raises:
        InputError: there is nothing at ``path``, or no finished cell in it.
        DataError: what is there is neither a study nor a sweep's CSV, or is damaged.
    """
    if not path.is_dir():
        yield from_csv(path)
        return
    with Store.open(path) as store:
        name = path.resolve().name
        with _all_kept():
            study = _only_rows(store, name) if rows_only else from_store(store, name)
        yield _checked(study)


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


def from_store(store: Store, name: str) -> StudyData:
    """What an open store holds."""
    records = store.records()

    def timeline(index: int) -> StoredTrace | None:
        trace = store.trace(records[index].key)
        return trace if len(trace.loss) else None

    commands = dict.fromkeys(command for grid in store.grids() for command in grid["commands"])
    return StudyData(
        name=name,
        rows=tuple(record.row for record in records),
        timeline=timeline,
        traced=True,
        settings=_settings(store, records),
        commands=tuple(commands),
        made_by=_made_by(records),
        origins=len({record.origin for record in records}),
    )


def _only_rows(store: Store, name: str) -> StudyData:
    placed = list(store.placed_rows())
    return StudyData(name, tuple(row for _, row in placed), origins=len({place.origin for place, _ in placed}))


def _checked(study: StudyData) -> StudyData:
    if not study.rows:
        raise InputError(f"no cell of the study {study.name} has finished yet; its sweep goes on where it stopped")
    return study


def _settings(store: Store, records: Sequence[Record]) -> tuple[Settings, ...]:
    """Of each cell, the fields that its row does not show and that are not the same in the whole study."""
    specifications = store.specifications()
    values: dict[str, set[str]] = defaultdict(set)
    for fields in specifications.values():
        for name, value in fields.items():
            if name not in SHOWN:
                values[name].add(str(value))
    varied = [name for name, met in values.items() if len(met) > 1]
    kinds = {
        digest: tuple((name, str(fields[name])) for name in varied if name in fields)
        for digest, fields in specifications.items()
    }
    digests = {run.key: run.digest for run in store.runs()}
    return tuple(kinds[digests[record.key]] for record in records)


def _made_by(records: Iterable[Record]) -> Mapping[str, Mapping[str, int]]:
    """Versions, devices and hosts, each with the number of cells; the time of the first and the last."""
    cells: Counter[tuple[Any, ...]] = Counter()
    times = []
    for record in records:
        cells[tuple(record.versions.items()), record.device, record.host, record.origin] += 1
        times.append(record.finished)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for (versions, device, host, origin), count in cells.items():
        beside = (("device", device), ("host", host), ("code", origin.code[:12]), ("data", origin.data[:12]))
        for name, value in (*versions, *beside):
            found[name][value] += count
    if times:
        found["cells finished (UTC)"][f"{min(times)} to {max(times)}"] = sum(cells.values())
    return found
