"""How long does it take to prove the worst cases of the published assignments?

``python -m benchmarks.bench_worst_case`` prints CSV, one row for each assignment and q, every answer computed
afresh. ``--highs SECONDS`` adds the obvious integer program solved by HiGHS (through scipy, if it is
installed) under that time limit; where both prove an answer they are checked to agree.
"""

import argparse
import importlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from aspis_sim.assignment import Assignment, build
from aspis_sim.distortion import worst_case
from benchmarks.table import print_csv, with_machine

# name, parameters, the q of the published row, seconds allowed for the whole row on 2 cores
ROWS = [
    ("mols", {"workers": 15, "redundancy": 3}, range(2, 8), 2.1),
    ("mols", {"workers": 21, "redundancy": 3}, range(2, 11), 60.0),
    ("mols", {"workers": 24, "redundancy": 3}, range(2, 12), 60.0),
    ("ramanujan-2", {"workers": 25, "redundancy": 5}, range(3, 13), 60.0),
    ("mols", {"workers": 35, "redundancy": 5}, range(3, 14), 600.0),
]


def run(highs: float | None = None) -> list[dict[str, Any]]:
    """One row for each assignment, q and contender; the first search of an assignment finds its symmetries.

    Args:
        highs: seconds that HiGHS may take for each answer; None: leave it out.
    """
    return list(_rows(highs))


def _rows(highs: float | None) -> Iterator[dict[str, Any]]:
    for name, parameters, byzantine, allowed in ROWS:
        assignment = build(name, **parameters)
        total = 0.0
        for q in byzantine:
            start = time.perf_counter()
            found = worst_case(assignment, q)
            spent = time.perf_counter() - start
            total += spent
            row = {"assignment": name, **parameters, "files": len(assignment.files), "q": q}
            ours = {
                "contender": "aspis-sim",
                "count": found.count,
                "bound": found.bound,
                "proof": found.proof,
            }
            spans = {"seconds": round(spent, 3), "row_seconds": round(total, 3), "row_allowed": allowed}
            yield row | ours | spans
            if highs is not None:
                start = time.perf_counter()
                count, bound = solve_with_highs(assignment, q, highs)
                spent = time.perf_counter() - start
                if not (count <= found.count <= bound and (found.count == count or bound > count)):
                    raise AssertionError(f"{name} q={q}: {found} against HiGHS {count}..{bound}")
                proof = "integer program" if count == bound else "bound only"
                theirs = {"contender": "HiGHS", "count": count, "bound": bound, "proof": proof}
                yield row | theirs | {"seconds": round(spent, 3)}


def solve_with_highs(assignment: Assignment, q: int, seconds: float) -> tuple[int, int]:
    """Best count and bound of: most y with r' y_j <= sum of x over group j, sum of x = q, x and y binary."""
    optimize = importlib.import_module("scipy.optimize")
    files, workers = len(assignment.files), assignment.workers
    groups = np.hstack([assignment.incidence.T, -assignment.majority * np.eye(files)])
    size = np.hstack([np.ones(workers), np.zeros(files)])[None]
    answer = optimize.milp(
        -np.hstack([np.zeros(workers), np.ones(files)]),
        constraints=[
            optimize.LinearConstraint(groups, 0, np.inf),
            optimize.LinearConstraint(size, q, q),
        ],
        integrality=np.ones(workers + files),
        bounds=optimize.Bounds(0, 1),
        options={"time_limit": seconds},
    )
    count = 0 if answer.x is None else round(-answer.fun)
    return count, files if answer.mip_dual_bound is None else int(-answer.mip_dual_bound + 1e-6)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--highs", type=float, default=None, metavar="SECONDS", help="also solve with HiGHS")
    print_csv(with_machine(run(parser.parse_args().highs)))
