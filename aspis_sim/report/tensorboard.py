"""Finished runs as event files that TensorBoard shows, a folder a run."""

import hashlib
import math
import re
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from aspis_sim.files import writable
from aspis_sim.report.libraries import check_library
from aspis_sim.run.resolve import resolve
from aspis_sim.run.row import row_of
from aspis_sim.run.train import Result
from aspis_sim.spec.cell import Cell

FILES = "events.out.tfevents.*"


class Board:
    """A folder of event files, which `add` writes run by run.

    Scalars of every step: ``train/loss``, ``epsilon/measured`` and ``epsilon/lost`` (distorted and dropped files over
    f), ``excluded/byzantine`` and ``excluded/honest`` (workers). Of the final weights, and of the points of a curve:
    ``test/top1`` and ``test/loss``, and ``test/NAME`` of a plugin's metric. A value that is not finite is left out,
    as TensorBoard does not draw it; the text ``cell`` is the run's row.
    """

    def __init__(self, folder: Path) -> None:
        """Refuse before any work what cannot be written.

        Raises:
            InputError: tensorboardX is not installed, or the folder cannot be written.
        """
        check_library("tensorboard")
        self.folder = writable(folder / "events").parent

    def add(self, result: Result) -> Path:
        """Write a run's events into its folder, in place of those of the same run before; returns the folder."""
        from tensorboardX import SummaryWriter

        place = self.folder / run_name(result.cell)
        before = list(place.glob(FILES))
        writer = SummaryWriter(str(place), flush_secs=10**6, filename_suffix=f".{secrets.token_hex(4)}")
        for tag, step, value in scalars(result):
            writer.add_scalar(tag, value, step)
        writer.add_text("cell", _listed(dict(row_of(resolve(result.cell), result))), result.cell.steps)
        writer.close()
        for path in before:
            path.unlink()
        return place


def run_name(cell: Cell) -> str:
    """A name for a run's folder: what a reader looks for, and a digest of the whole cell and the plugins in it."""
    whole = cell, [(source.name, source.sha256) for source in cell.plugins]
    digest = hashlib.sha256(repr(whole).encode()).hexdigest()[:10]
    parts = (cell.scheme, cell.attack_label, f"q{cell.q}", cell.payload, f"lr{cell.lr:g}", f"seed{cell.seed}", digest)
    return "-".join(re.sub(r"[^A-Za-z0-9_.+]+", "-", part)[:40] for part in parts)


def scalars(result: Result) -> list[tuple[str, int, float]]:
    """Tag, step and value of everything finite that a run left behind; steps count from 1."""
    trace, files = result.trace, len(resolve(result.cell).returned.files)
    assert trace is not None
    assert result.test is not None
    columns: dict[str, Any] = {
        "train/loss": trace.loss,
        "epsilon/measured": np.asarray(trace.distorted) / files,
        "epsilon/lost": np.asarray(trace.lost) / files,
        "excluded/byzantine": trace.excluded_byzantine,
        "excluded/honest": trace.excluded_honest,
    }
    found = [(tag, step, float(value)) for tag, values in columns.items() for step, value in enumerate(values, start=1)]
    found += [(f"test/{name}", step, value) for step, metrics in result.metrics for name, value in metrics.items()]
    for step, score in dict([*result.curve, (result.cell.steps, result.test)]).items():
        found.append(("test/loss", step, score.loss))
        if score.top1 is not None:
            found.append(("test/top1", step, score.top1))
    return [one for one in found if math.isfinite(one[2])]


def _listed(fields: dict[str, Any]) -> str:
    """A row as a list in Markdown, each value as code."""
    return "\n".join(f"- {name}: `{value}`" for name, value in fields.items())
