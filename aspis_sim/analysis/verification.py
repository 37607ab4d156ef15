"""Do stored cells come out the same when they run again: rows but for seconds, and traces, bit for bit."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aspis_sim.errors import DataError, InputError
from aspis_sim.run.figures.columns import FIGURES
from aspis_sim.run.machine import this_machine
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import COLUMNS, Row, row_of
from aspis_sim.run.train import Result, Stopped, Tick, train
from aspis_sim.run.trying import try_parts
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.checks import check as check_settings
from aspis_sim.study.fingerprint import origin_of
from aspis_sim.study.reading import cell_of_row, read_csv
from aspis_sim.study.records import StoredRun
from aspis_sim.study.study import Study
from aspis_sim.study.trace_codec import pack, unpack

ROUNDING = 1e-6
"""Relative: figures this close may come from the same computation in another order, as another CPU does it."""
ROUNDED = ("loss", "trace loss", "curve loss")
"""What is rounded; all else is counted, and is the same or is not."""
OUTSIDE = ("status", "distortion_theory")
"""What came out of a run, and what others published of it: no settings."""
IMPLIED = (*(one.name for one in FIGURES if one.metric is None and one.name not in OUTSIDE), "samples_processed")
"""Columns that follow from the others, and so tell when a row contradicts itself."""

LATER = ("bytes_sent",)
"""Columns that rows of earlier versions lack, although every run has a value there."""


class Outcome(StrEnum):
    """How a cell came out the second time."""

    SAME = "same"
    ROUNDED = "same up to rounding"
    DIFFERENT = "different"
    FAILED = "failed"


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
    """Runs drawn from a study or a CSV.

    Attributes:
        runs: drawn, in the order of the rows, each with its cell and, from a study, its trace.
        finished: cells that it was drawn from.
        failed: cells that left nothing to check.
    """

    runs: tuple[StoredRun, ...]
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
        raise InputError(f"`sample` {count}: 1 or more cells can be run again")
    if seed < 0:
        raise InputError(f"`seed` {seed} is negative; it is 0 or more")

    def choose(rows: Sequence[Row]) -> tuple[list[int], int, int]:
        able = [place for place, row in enumerate(rows) if not row.failed]
        if not able:
            raise DataError(f"{path} holds no finished cell")
        chosen = np.random.default_rng(seed).choice(able, min(count, len(able)), replace=False)
        return sorted(map(int, chosen)), len(able), len(rows) - len(able)

    if path.is_dir():
        with Study.open(path) as study:
            stored = study.runs()
            chosen, *counts = choose([run.row for run in stored])
            runs = [
                replace(stored[place], cell=study.cell(stored[place].key), trace=study.trace(stored[place].key))
                for place in chosen
            ]
        for run in runs:
            try:
                check_settings(cell_of(run))
            except InputError as error:
                raise InputError(
                    f"{path}, cell {run.key[:16]}: {error}; a plugin's part is known with `plugin=FILE`"
                ) from None
        return Sample(tuple(runs), *counts)
    rows = read_csv(path)
    chosen, *counts = choose(rows)
    runs = []
    for place in chosen:
        try:
            runs.append(StoredRun(rows[place], cell=_told(rows[place])))
        except InputError as error:
            raise InputError(f"{path}, row {place + 1}: {error}") from None
    return Sample(tuple(runs), *counts)


def cell_of(run: StoredRun) -> Cell:
    """The cell of a run that was drawn."""
    assert run.cell is not None
    return run.cell


def _told(row: Row) -> Cell:
    """The cell that left a row, if the row does not contradict itself.

    Raises:
        InputError: a name that is not registered, a setting that cannot be, or columns that contradict one another.
        DataError: the data set is missing or damaged.
    """
    cell = cell_of_row(row)
    check_settings(cell)
    try_parts(cell)
    again = row_of(resolve(cell))
    for name in IMPLIED:
        if row[name] != again[name]:
            raise InputError(
                f"the columns do not tell what ran: {name} is {row[name]}, but with the other columns it is "
                f"{again[name]}"
            )
    return cell


def check(stored: StoredRun, tick: Tick = lambda steps: None) -> Check:
    """Run a cell again and compare.

    Args:
        stored: as it came out the first time, from `drawn`.
        tick: called now and then with the number of steps done since the last call; may raise to stop the run.

    Raises:
        DataError: the data set is missing or damaged.
    """
    differs: dict[str, float | None]
    curve = stored.trace.curve if stored.trace else ()
    every = next((step for step, *_ in curve if step), None)
    try:
        result = train(cell_of(stored), tick, every)
        differs = dict(_differences(stored, result))
        outcome = _outcome(differs)
    except (DataError, Stopped):
        raise
    except Exception as error:
        differs = {f"{type(error).__name__}: {' '.join(str(error).split())[:200]}": None}
        outcome = Outcome.FAILED
    return Check(
        key=stored.key[:16],
        **{name: stored.row[name] for name in ("scheme", "q", "attack", "payload", "seed")},
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


def _differences(stored: StoredRun, result: Result) -> Iterator[tuple[str, float]]:
    """What differs, and by how much at most, relatively."""
    row = row_of(resolve(cell_of(stored)), result)
    for name in COLUMNS:
        before, now = stored.row[name], row[name]
        unknown = before is None and name in LATER
        if name != "seconds" and not unknown and repr(before) != repr(now):
            real = isinstance(before, int | float) and isinstance(now, int | float)
            yield name, _apart(np.array([before]), np.array([now])) if real else math.inf
    if stored.trace is None or result.trace is None:
        return
    for name, now in unpack(*pack(result.trace._asdict())).items():
        before = getattr(stored.trace, name)
        if before.dtype != now.dtype or before.tobytes() != now.tobytes():
            yield f"trace {name}", _apart(before, now)
    if stored.trace.curve:
        first = stored.trace.curve[0][0]  # a study of an earlier version does not begin at step 0
        points = tuple(point for point in result.whole_curve if point[0] >= first)
        for name, place in (("top1", 1), ("loss", 2)):
            before, now = ([point[place] for point in curve] for curve in (stored.trace.curve, points))
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


def _elsewhere(stored: StoredRun) -> str:
    """What is not as it was: ``jax 0.10.1 then, 0.10.2 now; host a then, b now``."""
    if stored.machine is None or stored.origin is None:
        return ""
    then, now = (
        {**machine.versions, "device": machine.device, "host": machine.host, **asdict(origin)}
        for machine, origin in (
            (stored.machine, stored.origin),
            (this_machine(), origin_of(cell_of(stored))),
        )
    )
    return "; ".join(
        f"{name} {_short(then, name)} then, {_short(now, name)} now"
        for name in dict.fromkeys([*then, *now])
        if then.get(name) != now.get(name)
    )


def _short(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name, "unset"))[: 12 if name in ("code", "data") else 80]
