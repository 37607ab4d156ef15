"""Opening what the user names: a study's folder, with its traces, or a sweep's CSV file, without."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aspis_sim.errors import InputError
from aspis_sim.experiment.row import COLUMNS
from aspis_sim.experiment.store import Record, Store
from aspis_sim.report.study import StudyData, Timeline, from_csv

SHOWN = frozenset((*COLUMNS, "framed"))
"""Fields of a cell that its row shows."""


@contextmanager
def opened(path: Path) -> Iterator[StudyData]:
    """The study at ``path``, whose timelines can be read while it is open.

    Raises:
        InputError: there is nothing at ``path``, or no finished cell in it.
        DataError: what is there is neither a study nor a sweep's CSV, or is damaged.
    """
    if not path.is_dir():
        yield from_csv(path)
        return
    with Store.open(path) as store:
        yield from_store(store, path.resolve().name)


def from_store(store: Store, name: str) -> StudyData:
    """What an open store holds.

    Raises:
        InputError: no cell has finished.
    """
    records = store.records()
    if not records:
        raise InputError(f"no cell of the study {name} has finished yet; its sweep goes on where it stopped")

    def timeline(index: int) -> Timeline | None:
        trace = store.trace(records[index].key)
        return Timeline(trace.curve, *trace[:-1]) if len(trace.loss) else None

    commands = dict.fromkeys(command for grid in store.grids() for command in grid["commands"])
    return StudyData(
        name=name,
        rows=tuple(record.row for record in records),
        timeline=timeline,
        traced=True,
        settings=_settings(store),
        commands=tuple(commands),
        made_by=_made_by(records),
    )


def _settings(store: Store) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Of each cell, the fields that its row does not show and that are not the same in the whole study."""
    specifications = store.specifications()
    hidden = {
        digest: {name: json.dumps(value) for name, value in fields.items() if name not in SHOWN}
        for digest, fields in specifications.items()
    }
    values: dict[str, set[str]] = defaultdict(set)
    for fields in hidden.values():
        for name, value in fields.items():
            values[name].add(value)
    varied = [name for name, met in values.items() if len(met) > 1]
    kinds = {
        digest: tuple((name, fields[name].strip('"')) for name in varied if name in fields)
        for digest, fields in hidden.items()
    }
    return tuple(kinds[place.digest] for place in store.places())


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
    found["cells finished (UTC)"][f"{min(times)} to {max(times)}"] = sum(cells.values())
    return found
