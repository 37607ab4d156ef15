"""Do stored cells come out the same when they run again: rows but for seconds, and traces, bit for bit."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError, InputError
from aspis_sim.run.row import COLUMNS, Row
from aspis_sim.run.train import Result, Stopped, Tick, train
from aspis_sim.run.train import row as row_of
from aspis_sim.spec.cell import Cell
from aspis_sim.study import Record, Store
from aspis_sim.study.fingerprint import origin_of
from aspis_sim.study.ledger import this_machine
from aspis_sim.study.reading import read_csv
from aspis_sim.study.rebuilding import rebuilt
from aspis_sim.study.trace_codec import pack, unpack

ROUNDING = 1e-6
"""Relative: figures this close may come from the same computation in another order, as another CPU does it."""
ROUNDED = ("loss", "trace loss", "curve loss")
"""What is rounded; all else is counted, and is the same or is not."""


class Outcome(StrEnum):
    """How a cell came out the second time."""

    SAME = "same"
    ROUNDED = "same up to rounding"
    DIFFERENT = "different"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Stored:
    """A finished cell as it was kept.

    Attributes:
        cell: what ran.
        row: what came out.
        key: in its study, empty for a line of a CSV.
        trace: name -> array over the steps; empty for a line of a CSV.
        curve: (step, top-1, loss) where it was scored.
        origin: what it was computed with: name -> version, device, host, code or data; empty if that is not known.
    """

    cell: Cell
    row: Row
    key: str = ""
    trace: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    curve: tuple[tuple[int, float | None, float], ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One cell that ran again; the fields are the columns of a verification's CSV.

    Attributes:
        key: first digits of the cell's key in its study, empty for a line of a CSV.
        scheme, q, attack, payload, seed: of the cell.
        outcome: see `Outcome`.
        differs: what differs: columns of the row, parts of the ``trace`` and of the ``curve``; why it failed.
        largest: the largest relative difference among them, None where nothing differs or it has none.
        elsewhere: what is not as it was: versions, device, host, code, data; empty if all is the same or unknown.
    """

    key: str
    scheme: str
    q: int
    attack: str
    payload: str
    seed: int
    outcome: str
    differs: str
    largest: float | None
    elsewhere: str


@dataclass(frozen=True)
class Sample:
    """Cells drawn from a study or a CSV.

    Attributes:
        cells: drawn, in the order of the rows.
        finished: cells that it was drawn from.
        failed: cells that left nothing to check.
    """

    cells: tuple[Stored, ...]
    finished: int
    failed: int


def drawn(path: Path, count: int, seed: int) -> Sample:
    """Draw cells of a study's folder or a sweep's CSV at random, without replacement; all if there are no more.

    Raises:
        InputError: the count or the seed cannot be, a cell cannot run here (as without the plugin of a part), or the
            columns of a CSV do not tell what ran.
        DataError: nothing is there, or it is damaged.
    """
    if count < 1:
        raise InputError(f"--sample {count}: 1 or more cells can be run again")
    if seed < 0:
        raise InputError(f"--seed {seed} is negative; it is 0 or more")

    def choose(rows: Sequence[Row]) -> tuple[list[int], int, int]:
        able = [place for place, row in enumerate(rows) if not row.status.startswith("failed")]
        if not able:
            raise DataError(f"{path} holds no finished cell")
        chosen = np.random.default_rng(seed).choice(able, min(count, len(able)), replace=False)
        return sorted(map(int, chosen)), len(able), len(rows) - len(able)

    if path.is_dir():
        with Store.open(path) as store:
            records = store.records()
            chosen, *counts = choose([record.row for record in records])
            cells = [_stored(store, records[place]) for place in chosen]
        for stored in cells:
            try:
                stored.cell.check()
            except InputError as error:
                raise InputError(
                    f"{path}, cell {stored.key[:16]}: {error}; a plugin's part is known with --plugin FILE"
                ) from None
        return Sample(tuple(cells), *counts)
    rows = read_csv(path)
    chosen, *counts = choose(rows)
    cells = []
    for place in chosen:
        try:
            cells.append(Stored(rebuilt(rows[place]), rows[place]))
        except InputError as error:
            raise InputError(f"{path}, row {place + 1}: {error}") from None
    return Sample(tuple(cells), *counts)


def _stored(store: Store, record: Record) -> Stored:
    trace = store.trace(record.key)._asdict()
    curve = trace.pop("curve")
    origin = {**record.versions, "device": record.device, "host": record.host, **asdict(record.origin)}
    return Stored(store.cell(record.key), record.row, record.key, trace, curve, origin)


def check(stored: Stored, tick: Tick = lambda steps: None) -> Check:
    """Run a cell again and compare.

    Args:
        stored: as it came out the first time.
        tick: called now and then with the number of steps done since the last call; may raise to stop the run.

    Raises:
        DataError: the data set is missing or damaged.
    """
    differs: dict[str, float | None]
    try:
        result = train(stored.cell, tick, stored.curve[0][0] if stored.curve else None)
        differs = dict(_differences(stored, result))
        outcome = _outcome(differs)
    except (DataError, Stopped):
        raise
    except Exception as error:
        differs = {f"{type(error).__name__}: {' '.join(str(error).split())[:200]}": None}
        outcome = Outcome.FAILED
    return Check(
        key=stored.key[:16],
        **{name: getattr(stored.row, name) for name in ("scheme", "q", "attack", "payload", "seed")},
        outcome=str(outcome),
        differs=", ".join(differs),
        largest=max((one for one in differs.values() if one is not None), default=None),
        elsewhere=_elsewhere(stored),
    )


def _outcome(differs: Mapping[str, float | None]) -> Outcome:
    if not differs:
        return Outcome.SAME
    rounded = all(name in ROUNDED and largest is not None and largest <= ROUNDING for name, largest in differs.items())
    return Outcome.ROUNDED if rounded else Outcome.DIFFERENT


def _differences(stored: Stored, result: Result) -> Iterator[tuple[str, float]]:
    """What differs, and by how much at most, relatively."""
    row = row_of(stored.cell, result)
    for name in COLUMNS:
        before, now = getattr(stored.row, name), getattr(row, name)
        if name != "seconds" and repr(before) != repr(now):
            real = isinstance(before, int | float) and isinstance(now, int | float)
            yield name, _apart(np.array([before]), np.array([now])) if real else math.inf
    trace = unpack(*pack(result.trace._asdict())) if stored.trace else {}
    for name, now in trace.items():
        before = stored.trace[name]
        if before.dtype != now.dtype or before.tobytes() != now.tobytes():
            yield f"trace {name}", _apart(before, now)
    if stored.curve:
        points = tuple((step, score.top1, score.loss) for step, score in result.curve)
        for name, place in (("top1", 1), ("loss", 2)):
            before, now = ([point[place] for point in curve] for curve in (stored.curve, points))
            if repr(before) != repr(now):
                yield f"curve {name}", _apart(np.array(before, float), np.array(now, float))


def _apart(before: NDArray[Any], now: NDArray[Any]) -> float:
    """The largest difference relative to the larger of the two; infinite where there is no telling."""
    if before.shape != now.shape:
        return math.inf
    a, b = before.astype(np.float64), now.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(a == b, 0.0, abs(a - b) / np.maximum(abs(a), abs(b)))
    relative[np.isnan(a) & np.isnan(b)] = 0.0
    return float(np.nan_to_num(relative, nan=math.inf, posinf=math.inf).max(initial=0.0))


def _elsewhere(stored: Stored) -> str:
    """What is not as it was: ``jax 0.10.1 then, 0.10.2 now; host a then, b now``."""
    if not stored.origin:
        return ""
    machine = this_machine()
    now = {**machine.versions, "device": machine.device, "host": machine.host, **asdict(origin_of(stored.cell))}
    return "; ".join(
        f"{name} {before[:12]} then, {now.get(name, 'unknown')[:12]} now"
        for name, before in stored.origin.items()
        if before != now.get(name)
    )
