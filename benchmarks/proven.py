"""Which worst cases of the subset assignment are proven, by examining every disagreement graph?

``python -m benchmarks.proven`` prints the table that the package holds as ``distortion/proven.csv``; some
quarters of an hour. A worst case without a line there is the best known.
"""

from typing import Any

from aspis_sim.assignment import build
from aspis_sim.game import play
from aspis_sim.records import as_csv

DETECTORS = ("clique", "sound", "degree")
SYSTEMS = (
    *((workers, 3, q) for workers in range(3, 26) for q in range(1, min(2, (workers - 1) // 2) + 1)),
    *((workers, 3, 3) for workers in range(7, 16)),
    (9, 3, 4),
    *((workers, 5, q) for workers in range(5, 16) for q in range(1, min(2, (workers - 1) // 2) + 1)),
)
"""(K, r, q) with at most about 100,000 graphs."""


def run(systems: tuple[tuple[int, int, int], ...] = SYSTEMS) -> list[dict[str, Any]]:
    """One row for each system and detector."""
    rows = []
    for workers, redundancy, q in systems:
        assignment = build("subset", workers=workers, redundancy=redundancy)
        for detector in DETECTORS:
            result = play(assignment, q, detector, effort=1, most_graphs=120_000)
            if result.exhaustive:
                system = {"workers": workers, "redundancy": redundancy, "q": q, "detector": detector}
                rows.append(system | {"distorted": result.count, "graphs": result.graphs})
    return rows


if __name__ == "__main__":
    print(as_csv(run(), ("workers", "redundancy", "q", "detector", "distorted", "graphs")), end="")
