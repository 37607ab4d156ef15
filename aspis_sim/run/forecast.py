"""What a grid would do: the programs it compiles, the memory they need, and how long similar runs took before."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from aspis_sim.spec.cell import Cell
from aspis_sim.spec.grid import Group

KEPT = 2000
"""Lines of the history that are read, from its end."""


@dataclass(frozen=True)
class Forecast:
    """One program of a grid.

    Attributes:
        schemes: that share it, joined by "+".
        files: f.
        parameters: d.
        batch_size: distinct samples a step.
        trainings: runs of it, the search for learning rates included.
        steps: of all of them together.
        chunks: parts in which the files go through the model.
        tiles: parts into which the parameters are cut for the robust rule, about.
        peak_bytes: what a step is expected to need at most on a device.
        compile_seconds: that compiling a similar program took here the last time, None if none is known.
        seconds: that so many steps would take at the pace of a similar run here, one run at a time, None likewise.
    """

    schemes: str
    files: int
    parameters: int
    batch_size: int
    trainings: int
    steps: int
    chunks: int
    tiles: int
    peak_bytes: int
    compile_seconds: float | None
    seconds: float | None


def forecasts(groups: Iterable[Group], history: Path | None) -> list[Forecast]:
    """One forecast for every program that the groups need, without computing or compiling anything.

    Args:
        groups: checked.
        history: file of `remember`, None without one.

    Raises:
        InputError: a part needs more memory at once than is allowed.
    """
    known = _recall(history)
    by_shape: dict[Any, list[Group]] = {}
    for group in groups:
        by_shape.setdefault(group.first.run_shape(), []).append(group)
    made = []
    for members in by_shape.values():
        cell = members[0].first
        files, steps = len(cell.groups.files), sum(group.steps for group in members)
        itemsize = 2 if cell.precision == "bfloat16" else cell.network.dtype.itemsize
        matrix = files * cell.plan.parameters * itemsize
        before = known.get(_kind(cell), {})
        pace = before.get("step_seconds")
        made.append(
            Forecast(
                schemes="+".join(dict.fromkeys(group.first.scheme for group in members)),
                files=files,
                parameters=cell.plan.parameters,
                batch_size=cell.batch_size,
                trainings=sum(len(group.rates) + len(group.seeds) - 1 for group in members),
                steps=steps,
                chunks=cell.plan.chunks,
                tiles=1 if cell.plan.whole else ceil(matrix / cell.plan.tile_bytes),
                peak_bytes=cell.plan.peak_bytes,
                compile_seconds=before.get("compile_seconds"),
                seconds=None if pace is None else round(pace * steps, 3),
            )
        )
    return made


def remember(history: Path | None, timed: Iterable[tuple[Cell, float]]) -> None:
    """Add the runs of a sweep to the history, once a kind of run; a file that cannot be written is let be.

    Args:
        history: a file of one JSON object a line, None for none.
        timed: cells that ran in this process, and the seconds that each took.
    """
    from aspis_sim.simulation import compiled

    best: dict[str, tuple[float, float]] = {}
    for cell, seconds in timed:
        pace = (seconds / cell.steps, compiled(cell.run_shape()).compile_seconds)
        best[_kind(cell)] = min(pace, best.get(_kind(cell), pace))
    if history is None or not best:
        return
    try:
        history.parent.mkdir(parents=True, exist_ok=True)
        with history.open("a", encoding="utf-8") as file:
            for kind, (step, compiling) in best.items():
                line = {"kind": kind, "step_seconds": round(step, 9), "compile_seconds": round(compiling, 3)}
                file.write(json.dumps(line) + "\n")
    except OSError:
        return


def _recall(history: Path | None) -> dict[str, dict[str, Any]]:
    try:
        lines = [] if history is None else history.read_text(encoding="utf-8").splitlines()[-KEPT:]
    except (OSError, UnicodeDecodeError):
        return {}
    known: dict[str, dict[str, Any]] = {}
    for line in lines:
        try:
            one = json.loads(line)
            known[one["kind"]] = {name: float(one[name]) for name in ("step_seconds", "compile_seconds")}
        except (ValueError, TypeError, KeyError):
            continue
    return known


def _kind(cell: Cell) -> str:
    """What must be alike in two runs for one to tell how long the other takes: all but seeds, rates and steps."""
    machine = f"{platform.node()}/{os.cpu_count()}"
    parts = (cell.assignment, cell.detector, cell.rule, cell.coding, cell.compute, cell.payload, cell.attack)
    sizes = (cell.workers, cell.redundancy, cell.samples_a_file, cell.devices, cell.memory)
    ways = (cell.clip_workers is not None, cell.worker_momentum > 0, cell.augment)
    added = () if ways == (False, False, "none") else ways
    return ":".join(map(str, (machine, *parts, *sizes, cell.dataset, cell.model, cell.precision, *added)))
