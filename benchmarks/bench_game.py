"""What is the worst that lies can do to each detector, exactly, and how long does it take to know?

``python -m benchmarks.bench_game`` prints CSV: exact answers for small systems, lower bounds for K = 15.
"""

import time
from typing import Any

from aspis_sim.assignment import build
from aspis_sim.game import OBJECTIVES, play
from benchmarks.table import print_csv, with_machine

DETECTORS = ("clique", "sound", "certified", "unanimous")
EXACT = ((5, 2), (7, 3), (9, 3), (9, 4), (11, 3), (15, 2))
SEARCHED = tuple((15, q) for q in range(3, 8))


def run() -> list[dict[str, Any]]:
    """One row for each system, detector and objective, r = 3 on the subset assignment."""
    rows = []
    for workers, q in EXACT + SEARCHED:
        assignment = build("subset", workers=workers, redundancy=3)
        for detector in DETECTORS:
            for objective in OBJECTIVES:
                start = time.perf_counter()
                most = 100_000 if (workers, q) in EXACT else 0
                result = play(assignment, q, detector, objective=objective, most_graphs=most)
                rows.append(
                    {
                        "workers": workers,
                        "redundancy": 3,
                        "q": q,
                        "detector": detector,
                        "objective": objective,
                        "distorted": result.count,
                        "kept": result.kept,
                        "fraction": round(result.fraction, 4),
                        "proof": "exhaustive" if result.exhaustive else "lower bound",
                        "graphs": result.graphs,
                        "seconds": round(time.perf_counter() - start, 2),
                    }
                )
    return rows


if __name__ == "__main__":
    print_csv(with_machine(run()))
