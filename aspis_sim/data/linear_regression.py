"""The linear regression of Aspis: Gaussian inputs, and the outputs of hidden weights without noise."""

import hashlib

import numpy as np

from aspis_sim.data.base import PARTS, Dataset
from aspis_sim.errors import InputError
from aspis_sim.limits import SEEDS
from aspis_sim.printable import brief

MOST_VALUES = 1_000_000_000
"""Inputs that a data set may hold, 8 GB."""


def linear_regression(samples: int = 50_000, dimension: int = 100, run: int = 0) -> Dataset:
    """Inputs X, hidden weights w* and initial weights from N(0, 1), and y = X w* (Konstantinidis et al., 2022).

    All are drawn from NumPy's legacy generator ``RandomState``, X first, then w*, then the initial weights, so that the
    figures of the authors' own code can be had again. Every step takes all samples; validation and test are the
    training samples too: the loss is the objective itself.

    Args:
        samples: n, 1 or more.
        dimension: d, 1 or more.
        run: seed of the run, 0 to 2**64 - 1, which is that of the data as well.

    Raises:
        InputError: a parameter out of its range, or too large to hold in memory.
    """
    for name, value in (("samples", samples), ("dimension", dimension)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"linear-regression: {name}={value}; it is a whole number, 1 or more")
    if samples * dimension > MOST_VALUES:
        raise InputError(
            f"linear-regression: {samples:,} samples of {dimension:,} numbers are more than {MOST_VALUES:,} numbers; "
            f"try samples={max(1, MOST_VALUES // dimension)}"
        )
    if isinstance(run, bool) or not isinstance(run, int) or not 0 <= run < SEEDS:
        raise InputError(f"linear-regression: run={brief(run)}; it is a whole number from 0 to 2**64 - 1")
    draws = np.random.RandomState(run if run < 2**32 else [run % 2**32, run // 2**32])
    inputs = draws.normal(size=(samples, dimension))
    hidden = draws.normal(size=(dimension, 1))
    initial = draws.normal(size=(dimension, 1))
    outputs = (inputs @ hidden)[:, 0]
    return Dataset(
        name="linear-regression",
        inputs=dict.fromkeys(PARTS, inputs),
        labels=dict.fromkeys(PARTS, outputs),
        classes=0,
        sha256=hashlib.sha256(inputs.tobytes() + outputs.tobytes()).hexdigest(),
        initial=initial[:, 0],
        full_batch=True,
    )
