"""The row that a cell leaves in a sweep's table, and the table as CSV or JSON text."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from aspis_sim.errors import InputError


@dataclass(frozen=True)
class Row:
    """One cell's results; the fields are the columns of a sweep's CSV, in order.

    ``None`` stands where a figure does not exist (an empty CSV field, a JSON null): rates of detection without a
    detector or without Byzantine workers, results of a failed cell, and sizes that a broken plugin should have given.

    Attributes:
        scheme, assignment, workers, redundancy, files, load, q, attack, payload, strength, rule, dataset, model,
        protocol, samples_per_file, batch_size, steps, lr, seed: the cell; ``batch_size`` is distinct samples a step.
        distortion_theory: published fraction, see `aspis_sim.experiment.Cell.distortion_theory`.
        distortion_measured: distorted values that entered the update, over f, mean over steps.
        lost_measured: files dropped, over f, mean over steps.
        detection_rate: Byzantines excluded over q, mean over steps.
        false_accusation_rate: honest workers excluded over K - q, mean over steps.
        top1: share of test images classified correctly by the final weights.
        loss: mean test cross-entropy of the final weights.
        samples_processed: sample gradients computed by all workers over the run.
        seconds: wall time of the run, without compilation.
        status: "ok", "diverged" (the final weights are not finite) or "failed: reason".
    """

    scheme: str
    assignment: str
    workers: int
    redundancy: int
    files: int | None
    load: int | None
    q: int
    attack: str
    payload: str
    strength: float | None
    rule: str
    dataset: str
    model: str
    protocol: str
    samples_per_file: int | None
    batch_size: int | None
    steps: int
    lr: float
    seed: int
    distortion_theory: float | None
    distortion_measured: float | None
    lost_measured: float | None
    detection_rate: float | None
    false_accusation_rate: float | None
    top1: float | None
    loss: float | None
    samples_processed: int | None
    seconds: float | None
    status: str


COLUMNS = tuple(field.name for field in fields(Row))


def as_csv(rows: Iterable[Any], kind: type = Row) -> str:
    """Rows of a dataclass as CSV with a header; numbers in full precision, lines ending in a newline."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(kind))
    for row in rows:
        writer.writerow("" if value is None else value for value in asdict(row).values())
    return text.getvalue()


def as_json(rows: Iterable[Any]) -> str:
    """Dataclass rows as a JSON list of objects; NaN and infinities as the strings "nan", "inf", "-inf"."""
    objects = [{name: plain(value) for name, value in asdict(row).items()} for row in rows]
    return json.dumps(objects, indent=2, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """A value that JSON has: NaN and infinities become strings."""
    return str(value) if isinstance(value, float) and value - value != 0 else value


def writable(path: Path) -> Path:
    """Return ``path`` if a file can be written there, its folders made.

    Raises:
        InputError: it cannot; says which folder and why.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise InputError(f"cannot write {path}: it is a folder; name a file in it")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror} ({path.parent})") from None
    return path


def write_whole(path: Path, content: str | bytes) -> None:
    """Replace the file at ``path`` by this text or these bytes: it always holds either the old content or the new."""
    if isinstance(content, str):
        content = content.encode("utf-8")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
