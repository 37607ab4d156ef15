"""How fast is the exact median of many and of few rows, beside jnp.median, numpy and torch?

``python -m benchmarks.bench_selection`` prints CSV. torch is left out if it is not installed.
"""

import importlib
import sys
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from aspis_sim.aggregation import rule
from benchmarks.contenders import Answer, compiled, rows
from benchmarks.table import print_csv

SHAPES = ((5, 4810), (15, 4810), (25, 4810), (455, 4810), (15, 79_510), (455, 50_890))


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError:
        print("torch is not installed: left out", file=sys.stderr)
        return None


def _torch_median(tensor: Any) -> Any:
    return tensor.median(dim=0)[0].numpy()


def run() -> list[dict[str, Any]]:
    """One row for each shape and contender; all must return the same bits."""
    torch = _torch()
    made = []
    for shape in SHAPES:
        values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        onto = jnp.asarray(values)
        ours, our_seconds = compiled(rule("median"), onto)
        theirs, their_seconds = compiled(lambda v: jnp.median(v, axis=0), onto)
        contenders: dict[str, Answer] = {"aspis-sim": ours, "jnp.median": theirs}
        contenders["numpy"] = partial(np.median, values, axis=0)
        if torch is not None:
            contenders["torch"] = partial(_torch_median, torch.from_numpy(values))
        seconds = {"aspis-sim": our_seconds, "jnp.median": their_seconds}
        made += rows("median", shape, contenders, seconds, tolerance=0.0, repeats=30 if shape[0] < 100 else 7)
    return made


def main() -> None:
    """Print the rows as CSV."""
    print_csv(run())


if __name__ == "__main__":
    main()
