"""The row that a cell leaves in a sweep's table, and the table as CSV or JSON text."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable
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
        scheme: name of the preset, or of the plugin's.
        assignment: who computes which file.
        workers: K.
        redundancy: r, workers that compute each file.
        files: f.
        load: l, files that each worker computes.
        q: Byzantine workers.
        attack: targeting of files, with the number of framed workers if one was asked for.
        payload: what distorted copies hold, with its options.
        strength: of the payload.
        rule: robust rule over the votes, with its options.
        dataset, model: what was trained, with their options.
        protocol: what is equal between schemes: "files", "batch" or "work".
        samples_per_file: samples in each file.
        batch_size: distinct samples a step.
        steps: of training.
        lr: learning rate, chosen on validation data where several were given.
        seed: root of every random stream of the run.
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
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""Beginnings of a text that a spreadsheet does not show as it is."""


def as_csv(rows: Iterable[Any], kind: type = Row) -> str:
    """Rows of a dataclass as CSV with a header; numbers in full precision, lines ending in a newline.

    Texts that a spreadsheet would take for a formula are written as `tamed` says.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(kind)]
    writer.writerow(names)
    for row in rows:
        values = [getattr(row, name) for name in names]
        writer.writerow([tamed(value) if value is None or isinstance(value, str) else value for value in values])
    return text.getvalue()


def tamed(value: Any) -> Any:
    """A field of a CSV: empty for None, and with an apostrophe before a text that begins like a formula."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in FORMULA else value


def untamed(text: str) -> str:
    """The text that `tamed` made this field of."""
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def as_json(rows: Iterable[Any]) -> str:
    """Dataclass rows as a JSON list of objects; NaN and infinities as the strings "nan", "inf", "-inf"."""
    objects = ",\n".join(map(_object, rows))
    return f"[\n{objects}\n]\n" if objects else "[]\n"


def _object(row: Any) -> str:
    """What ``json.dumps`` with an indent of 2 would give for the row in a list, in a quarter of the time."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    if not all(type(value) in _SPELT for value in values.values()):
        text = json.dumps({name: plain(value) for name, value in asdict(row).items()}, indent=2, allow_nan=False)
        return "  " + text.replace("\n", "\n  ")
    lines = [f'    "{name}": {_SPELT[type(value)](value)}' for name, value in values.items()]
    return "  {\n" + ",\n".join(lines) + "\n  }"


_SPELT: dict[type, Callable[[Any], str]] = {
    str: json.dumps,
    int: repr,
    float: lambda value: json.dumps(plain(value)) if value - value != 0 else repr(value),
    type(None): lambda value: "null",
}


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
    """Replace the file at ``path`` by ``content``, text as UTF-8: it always holds either the old content or the new."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
