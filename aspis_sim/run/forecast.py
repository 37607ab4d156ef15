"""What a grid would do: the programs it compiles, the memory they need, and how long similar runs took before."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from aspis_sim.run.resolve import resolve
from aspis_sim.spec.cell import KNOBS, Cell
from aspis_sim.spec.grid import Replicates

KEPT = 2000
"""Lines of the history that are read, from its end."""

NO_MATTER = ("scheme", "q", "strength", "lr", "seed", "steps", "protocol")
"""Settings on which the time of a step does not depend."""


@dataclass(frozen=True)
class Forecast:
    """One program of a grid.

    Attributes:
        schemes: that share it, joined by "+", each with the settings that tell it from its others in the grid.
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


def forecasts(groups: Iterable[Replicates], history: Path | None) -> list[Forecast]:
    """One forecast for every program that the groups need, without computing or compiling anything.

    Args:
        groups: checked.
        history: file of `note_timings`, None without one.

    Raises:
        InputError: a part needs more memory at once than is allowed.
    """
    known, groups = _recall(history), tuple(groups)
    label = _labels([group.first for group in groups])
    by_shape: dict[Any, list[Replicates]] = {}
    for group in groups:
        by_shape.setdefault(resolve(group.first).shape, []).append(group)
    made = []
    for members in by_shape.values():
        cell, job = members[0].first, resolve(members[0].first)
        plan, files, steps = job.plan, len(job.assignment.files), sum(group.steps for group in members)
        itemsize = 2 if cell.precision == "bfloat16" else job.network.dtype.itemsize
        matrix = files * plan.parameters * itemsize
        before = known.get(_kind(cell), {})
        pace = before.get("step_seconds")
        made.append(
            Forecast(
                schemes="+".join(dict.fromkeys(label[group.first] for group in members)),
                files=files,
                parameters=plan.parameters,
                batch_size=job.batch_size,
                trainings=sum(group.trainings for group in members),
                steps=steps,
                chunks=plan.chunks,
                tiles=1 if plan.needs_matrix else ceil(matrix / plan.tile_bytes),
                peak_bytes=plan.peak_bytes,
                compile_seconds=before.get("compile_seconds"),
                seconds=None if pace is None else round(pace * steps, 3),
            )
        )
    return made


def _labels(cells: Sequence[Cell]) -> dict[Cell, str]:
    """Cell -> its scheme, with the settings of schemes in which cells of this one differ."""
    told = {}
    for scheme in {cell.scheme for cell in cells}:
        alike = [cell for cell in cells if cell.scheme == scheme]
        names = [name for name, one in KNOBS.items() if one.place == "scheme" and name != "scheme"]
        apart = [name for name in names if len({getattr(cell, name) for cell in alike}) > 1]
        for cell in alike:
            settings = ", ".join(
                f"{KNOBS[name].column}={KNOBS[name].kind.write(getattr(cell, name))}" for name in apart
            )
            told[cell] = f"{scheme} ({settings})" if settings else scheme
    return told


def note_timings(history: Path | None, timed: Iterable[tuple[Cell, float, float]]) -> None:
    """Add the runs of a sweep to the history, once a kind of run; a file that cannot be written is let be.

    Args:
        history: a file of one JSON object a line, None for none.
        timed: cells that ran on this machine, the seconds that each took, and those of compiling its program.
    """
    best: dict[str, tuple[float, float]] = {}
    for cell, seconds, compiling in timed:
        pace = (seconds / cell.steps, compiling)
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
    named = ((name, getattr(cell, name)) for name in KNOBS if name not in NO_MATTER)
    fields = Cell.__dataclass_fields__
    told = (f"{name}={value}" for name, value in named if KNOBS[name].identity or value != fields[name].default)
    return " ".join((machine, *told))
