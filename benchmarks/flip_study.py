"""Is damage to a study seen? ``python -m benchmarks.flip_study 3000`` flips so many single bits, and reads it all.

A small study is made, one bit of its database is flipped at a place drawn from a seed, and everything that it holds is
read: the grids, the rows, the runs with their machines and origins, the cells and the traces. Each time either what is
read is what was written, or it is refused with one message. Nothing may differ unseen, and nothing else may be raised.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aspis_sim.errors import DataError
from aspis_sim.study import Study
from aspis_sim.study.database import NAME
from benchmarks.bench_store import GRID, fill
from benchmarks.machine import machine
from benchmarks.table import print_csv

SMALL = GRID.replaced(scheme=("aspis", "median"), q=(1, 2), strength=(0.5, 1.0), seed=(0, 1), steps=20)
"""16 cells."""


def run(flips: int = 3000, seed: int = 0) -> list[dict[str, Any]]:
    """One row: how many flips changed nothing, were refused, changed something unseen, or gave another error."""
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        fill(study, SMALL, SMALL.groups())
        counts, examples = flipped(study, flips, seed)
    for example in examples:
        print(example, file=sys.stderr)
    return [{"flips": flips, **counts, **machine()}]


def flipped(
    study: Path, flips: int, seed: int, reading: "Callable[[Path], Any] | None" = None
) -> tuple[dict[str, int], list[str]]:
    """Flip single bits of a study, one at a time, and read it; in the end it is as it was.

    Args:
        study: its folder, with all of it in the database file.
        flips: how many.
        seed: of the places.
        reading: what is compared; `everything` by default.

    Returns:
        counts of ``unchanged``, ``refused``, ``unseen`` and ``other_errors``, and a line about each of the latter two.
    """
    reading = reading or everything
    path = study / NAME
    right = reading(study)
    content = bytearray(path.read_bytes())
    draws = random.Random(seed)
    counts: Counter[str] = Counter()
    examples = []
    for _ in range(flips):
        place, bit = draws.randrange(len(content)), draws.randrange(8)
        content[place] ^= 1 << bit
        path.write_bytes(content)
        try:
            outcome = "unchanged" if reading(study) == right else "unseen"
            reason = "what is read differs"
        except DataError:
            outcome = "refused"
        except Exception as error:
            outcome, reason = "other_errors", f"{type(error).__name__}: {error}"
        counts[outcome] += 1
        if outcome in ("unseen", "other_errors"):
            examples.append(f"byte {place}, bit {bit}: {reason}")
        content[place] ^= 1 << bit
        for left in study.iterdir():
            left.unlink()
    path.write_bytes(content)
    return {name: counts[name] for name in ("unchanged", "refused", "unseen", "other_errors")}, examples


def everything(study: Path) -> str:
    """All that a study holds, as text in which NaN equals NaN."""
    with Study.open(study) as store:
        runs = store.runs()
        traces = [
            [*((one.dtype.str, one.tobytes()) for one in trace[:-1]), trace.curve]
            for trace in (store.trace(run.key) for run in store.known())
        ]
        cells = [store.cell(run.key) for run in store.known()]
        beside = [(run.key, run.machine, run.origin, run.seconds, run.finished) for run in runs]
        rows = [dict(row) for row in store.rows()]
        return repr((store.grids(), rows, [dict(run.row) for run in runs], beside, store.known(), cells, traces))


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    (row,) = run(**dict(zip(("flips", "seed"), numbers, strict=False)))
    print_csv([row])
    sys.exit(bool(row["unseen"] or row["other_errors"]))
