"""How fast are verdicts on the graphs that attackers choose, beside a listing of all cliques? Do the claims
hold?

``python -m benchmarks.bench_detection`` prints CSV; ``--attacks 200000`` checks the detectors' claims on as
many random attacks instead.
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import build
from aspis_sim.detection import DETECTORS, Outcome
from benchmarks.table import print_csv, with_machine
from tests.detection.graphs import between, blocks, from_edges
from tests.detection.random_attacks import broken_claims, random_attacks

REPEATS = 7
MOST_CLIQUES = 2**15


def graphs(q: int) -> dict[str, tuple[NDArray[np.bool_], int]]:
    """Disagreement graphs of K = 2q + 1 workers, and how many maximum cliques the agreement graph has."""
    workers, liars = 2 * q + 1, range(q)
    return {
        "strong": (between(workers, liars, range(q, 2 * q)), 2),
        "frame-up of q-1": (between(workers, liars, range(q, 2 * q - 1)), 1),
        "frame-up of q/2": (between(workers, liars, range(q, q + q // 2)), 1),
        "blocks of 2 x 2": (blocks(workers, q // 2), 2 ** (q // 2)),
        "disjoint pairs": (from_edges(workers, ((a, q + a) for a in range(q))), 2**q),
        "weak": (between(workers, liars, range(q, workers)), 1),
    }


def listing(disagreement: NDArray[np.bool_]) -> tuple[str, int]:
    """Outcome and accused workers from all maximal cliques, as the published detector finds them."""
    workers = len(disagreement)
    agreement = nx.from_numpy_array(~disagreement & ~np.eye(workers, dtype=bool))
    cliques = list(nx.find_cliques(agreement))
    largest = max(map(len, cliques))
    if sum(len(clique) == largest for clique in cliques) > 1:
        return Outcome.AMBIGUOUS, 0
    return Outcome.UNIQUE, workers - largest


def milliseconds(work: Callable[[], Any]) -> float:
    """Median time of a call; a call that takes over a second is not repeated."""
    times: list[float] = []
    while len(times) < REPEATS and (not times or times[0] < 1000):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def run() -> list[dict[str, Any]]:
    """One row for each graph, size and contender; contenders for the same verdict are checked to agree."""
    rows: list[dict[str, Any]] = []
    for q in (7, 15, 25, 50):
        for kind, (disagreement, cliques) in graphs(q).items():
            workers, agreement = len(disagreement), ~disagreement
            contenders = ["clique", "sound"] + ["certified"] * (q <= 15)
            assignment = build("subset", workers=workers, redundancy=3) if q <= 15 else None
            row = {"graph": kind, "workers": workers, "q": q, "maximum_cliques": cliques}
            found: dict[str, tuple[str, int]] = {}
            for name in contenders:
                decide = partial(DETECTORS[name], agreement, max_byzantine=q, assignment=assignment)
                verdict = decide()
                found[name] = verdict.outcome, int((~verdict.honest).sum())
                rows.append(_row(row, name, found[name], milliseconds(decide)))
            if cliques > MOST_CLIQUES:
                rows.append(row | {"contender": "networkx listing", "outcome": "not run"})
                continue
            found["listing"] = listing(disagreement)
            if found["listing"] != found["clique"]:
                raise AssertionError(f"{kind}, q={q}: {found}")
            spent = milliseconds(partial(listing, disagreement))
            rows.append(_row(row, "networkx listing", found["listing"], spent))
    return rows


def _row(row: dict[str, Any], name: str, found: tuple[str, int], spent: float) -> dict[str, Any]:
    outcome, excluded = found
    measured = {"contender": name, "outcome": str(outcome), "excluded": excluded}
    return row | measured | {"milliseconds": round(spent, 2)}


def claims(attacks: int, seed: int = 0) -> list[dict[str, Any]]:
    """Check the claims on random attacks: one row with how many were drawn and what they refuted."""
    start = time.perf_counter()
    broken: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    for attack in random_attacks(seed, attacks):
        broken.update(broken_claims(attack))
        drawn[f"K={attack.assignment.workers} r={attack.assignment.redundancy}"] += 1
    return [
        {
            "attacks": attacks,
            "seed": seed,
            "refuted_claims": dict(broken) or "none",
            "systems": len(drawn),
            "seconds": round(time.perf_counter() - start, 1),
        }
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=int, default=0, help="check the claims on this many random attacks")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print_csv(with_machine(claims(arguments.attacks, arguments.seed) if arguments.attacks else run()))
