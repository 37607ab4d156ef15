"""How long does an agreement graph take from tokens, for many workers, beside the assignment it needs?

``python -m benchmarks tokens`` prints CSV. The graphs are checked to equal those of
`aspis_sim.detection.reference.agreement_graph` before a figure counts.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from aspis_sim.assignment import build
from aspis_sim.detection.reference import agreement_graph
from aspis_sim.trials.adversary import Adversary
from aspis_sim.trials.monte_carlo import agreement_from_tokens, generator
from benchmarks.machine import machine

SIZES = ((100, 3), (50, 5))
ATTACKS = ("stealth", "strong", "weak", "random")
REPEATS = 5


def seconds(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def run() -> list[dict[str, Any]]:
    """One row for each size and attack by the most Byzantine workers; the assignment's time is its own column.

    The first assignment of a size also pays for touching its memory.
    """
    rows: list[dict[str, Any]] = []
    for workers, redundancy in SIZES:
        make = partial(build, "subset", workers=workers, redundancy=redundancy)
        first, q = seconds(make, 1), (workers - 1) // 2
        again, assignment = seconds(make, 3), make()
        for attack in ATTACKS:
            tokens = next(Adversary(assignment, q, attack).rounds(generator(0, 0))).attack.distorts
            fast, plain = (
                partial(agreement_from_tokens, assignment, tokens),
                partial(agreement_graph, assignment, tokens),
            )
            if not np.array_equal(fast(), plain()):
                raise AssertionError(f"K={workers}, r={redundancy}, {attack}: the graphs differ")
            figures = {
                "workers": workers,
                "redundancy": redundancy,
                "files": len(assignment.files),
                "q": q,
                "attack": attack,
                "files_with_a_lie": int(tokens.any(axis=1).sum()),
                "graph_seconds": round(seconds(fast), 4),
                "reference_seconds": round(seconds(plain, 3), 4),
                "assignment_seconds": round(again, 4),
                "first_assignment_seconds": round(first, 4),
            }
            rows.append(figures | machine())
    return rows
