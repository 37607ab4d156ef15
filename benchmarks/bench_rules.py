"""How fast are the robust rules beside ByzFL's, and do they return the same vector?

``python -m benchmarks.bench_rules`` prints CSV. ByzFL is left out if it or torch is not installed.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from aspis_sim.aggregation import preaggregation, rule
from benchmarks.contenders import Answer, byzfl, compiled, rows

DIMENSIONS = 79_510
SIZES = ((15, 4), (21, 5))

THEIRS: dict[str, tuple[str, bool]] = {
    "median": ("Median", False),
    "trimmed_mean": ("TrMean", True),
    "meamed": ("Meamed", True),
    "nnm": ("NNM", True),
    "krum": ("Krum", True),
    "multi_krum": ("MultiKrum", True),
    "geometric_median": ("GeometricMedian", False),
    "centered_clipping": ("CenteredClipping", False),
    "mda": ("MDA", True),
    "caf": ("CAF", True),
    "smea": ("SMEA", True),
}
"""Our name -> theirs, and whether it takes f."""

RANDOM_START = {"caf", "smea"}
"""Rules for which ByzFL takes one step of the power iteration from a random vector."""


def _rows_of_workers(n: int, f: int) -> np.ndarray:
    """Honest rows around a common mean, and f colluders one and a half standard deviations away from it."""
    random = np.random.default_rng(n)
    values = random.normal(size=(n, DIMENSIONS)) + random.normal(size=DIMENSIONS)
    values[:f] = values[f:].mean(0) + 1.5 * values[f:].std(0) + 0.01 * random.normal(size=(f, DIMENSIONS))
    return values.astype(np.float32)


def _ours(name: str, f: int, takes_f: bool) -> Callable[..., Any]:
    given: dict[str, Any] = {"f": f} if takes_f else {}
    return preaggregation(name, **given) if name == "nnm" else rule(name, **given)


def run(slow: bool = True) -> list[dict[str, Any]]:
    """One row for each rule, size and contender.

    Args:
        slow: also ByzFL's smea at n = 21, which takes most of a minute, twice.
    """
    return list(_rows(slow))


def _rows(slow: bool) -> Iterator[dict[str, Any]]:
    library = byzfl()
    if library is None:
        print("ByzFL or torch is not installed: left out", file=sys.stderr)
    for n, f in SIZES:
        values = _rows_of_workers(n, f)
        onto = jnp.asarray(values)
        for name, (their_name, takes_f) in THEIRS.items():
            ours, seconds = compiled(_ours(name, f, takes_f), onto)
            contenders: dict[str, Answer] = {"aspis-sim": ours}
            if library is not None and (slow or (name, n) != ("smea", 21)):
                contenders["byzfl"] = _their_answer(library, their_name, f if takes_f else None, values)
            tolerance = None if name in RANDOM_START else 1e-5
            yield from rows(f"{name} f={f}", values.shape, contenders, {"aspis-sim": seconds}, tolerance)
    for n, f, spread in ((51, 12, "attacked"), (51, 12, "honest")):
        values = _rows_of_workers(n, f if spread == "attacked" else 0)
        ours, seconds = compiled(rule("mda", f=f), jnp.asarray(values))
        yield from rows(f"mda f={f} {spread}", values.shape, {"aspis-sim": ours}, {"aspis-sim": seconds}, None)
    values = _rows_of_workers(21, 0)
    ours, seconds = compiled(rule("smea", f=5), jnp.asarray(values))
    yield from rows("smea f=5 honest", values.shape, {"aspis-sim": ours}, {"aspis-sim": seconds}, None)


def _their_answer(library: Any, name: str, f: int | None, values: np.ndarray) -> Answer:
    import torch

    tensor = torch.from_numpy(values)
    part = getattr(library, name)

    def answer() -> Any:
        made = part() if f is None else part(f=f)
        return made(tensor).numpy()

    return answer


def main() -> None:
    """Print the rows as CSV."""
    writer = None
    for row in _rows(slow=True):
        if writer is None:
            writer = csv.DictWriter(sys.stdout, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow(row)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
