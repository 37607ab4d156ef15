"""Ours beside the published tables, cell by cell, with the errata of those tables and why they are errata.

The tables are the distortion fractions of Konstantinidis, Ramamoorthy, Vaswani (arXiv 2208.08085) and the
worst cases of ByzShield (MLSys 2021, arXiv 2010.04902), as text, so that the printed digits are known.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aspis_sim.assignment import build
from aspis_sim.distortion.table import distortion_rows
from aspis_sim.distortion.worst_case import worst_case

FOLDER = Path(__file__).with_name("published")

_WEAK = "the closed form is C(q,3), which is C(2,3) = 0 for q=2: fewer than three Byzantines never fill a file"
_SQUARES = (
    "the published column was computed with squares modulo 8, which are not mutually orthogonal, "
    "8 not being a prime; ours are over GF(8)"
)


@dataclass(frozen=True)
class Cell:
    """One published number beside ours.

    Attributes:
        table: ``"distortion"`` (fractions) or ``"byzshield"`` (counts of files).
        scheme: scheme of the distortion tables, or the assignment of ByzShield's.
        workers: K.
        redundancy: r.
        attack: ``"strong"`` or ``"weak"``.
        q: Byzantine workers.
        published: the number as printed.
        ours: our number, exact.
        distorted: our count of files.
        files: f.
        proof: how ours is known.
        agrees: whether ours rounds to the published number at the precision of its column.
        erratum: why the published number is wrong, for a known erratum; empty otherwise.
    """

    table: str
    scheme: str
    workers: int
    redundancy: int
    attack: str
    q: int
    published: str
    ours: float
    distorted: int
    files: int
    proof: str
    agrees: bool
    erratum: str

    @property
    def explained(self) -> bool:
        """Agreement, or a known erratum."""
        return self.agrees or bool(self.erratum)


def compare() -> Iterator[Cell]:
    """Yield every published cell beside ours, table by table in the order of print; takes a few seconds."""
    yield from _distortion_cells()
    yield from _byzshield_cells()


def _erratum(workers: int, attack: str, scheme: str, q: int) -> str:
    if attack == "weak" and scheme == "aspis" and q == 2 and workers in (15, 21):
        return _WEAK
    if attack == "strong" and scheme == "byzshield" and workers == 24:
        return _SQUARES
    return ""


def _distortion_cells() -> Iterator[Cell]:
    columns: dict[tuple[int, int, str, str], list[tuple[int, str]]] = defaultdict(list)
    for line in _read("distortion.csv"):
        key = (int(line["workers"]), int(line["redundancy"]), line["attack"], line["scheme"])
        columns[key].append((int(line["q"]), line["distortion_fraction_published"]))
    for (workers, redundancy, attack, scheme), printed in columns.items():
        digits = max(len(text.partition(".")[2]) for _, text in printed)
        rows = distortion_rows(
            workers,
            redundancy,
            [q for q, _ in printed],
            schemes=["median" if scheme == "baseline" else scheme],
            attacks=[attack],
        )
        for row, (q, text) in zip(rows, printed, strict=True):
            ours = row.distortion_fraction
            agrees = abs(ours - float(text)) <= 0.5 * 10**-digits + 1e-12
            erratum = "" if agrees else _erratum(workers, attack, scheme, q)
            yield Cell(
                "distortion", scheme, workers, redundancy, attack, q, text,
                ours, int(row.distorted_files), row.files, row.proof, agrees, erratum,
            )  # fmt: skip


def _byzshield_cells() -> Iterator[Cell]:
    for line in _read("byzshield_worst_case.csv"):
        workers, redundancy, q = int(line["workers"]), int(line["redundancy"]), int(line["q"])
        assignment = build(line["assignment"], workers=workers, redundancy=redundancy)
        found = worst_case(assignment, q)
        text = line["worst_case_distorted_files"]
        yield Cell(
            "byzshield", assignment.name, workers, redundancy, "strong", q, text,
            found.count, found.count, len(assignment.files), found.proof, found.count == int(text), "",
        )  # fmt: skip


def _read(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
