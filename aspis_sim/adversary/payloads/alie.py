"""A Little Is Enough: the mean of the honest gradients moved by a multiple of their standard deviation."""

from __future__ import annotations

from statistics import NormalDist

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.errors import InputError


def deviation(rows: Array, ddof: int) -> Array:
    """Standard deviation of each column of float ``[n, d]``, divided by n - ``ddof``; NaN if that is 0."""
    spread = mean_over_rows(jnp.square(rows - mean_over_rows(rows)))
    left = len(rows) - ddof
    return jnp.sqrt(spread * (len(rows) / left)) if left > 0 else jnp.full_like(spread, jnp.nan)


def baruch_strength(workers: int, byzantine: int) -> float:
    """z of Baruch et al., NeurIPS 2019, algorithm 3: Φ⁻¹((K - q - s) / (K - q)), s = floor(K/2 + 1) - q.

    s honest workers must be farther from the mean than the lie for it to pass as the majority's.

    Raises:
        InputError: the fraction is not strictly between 0 and 1, so that there is no such z.
    """
    supporters = workers // 2 + 1 - byzantine
    honest = workers - byzantine
    if not 0 < honest - supporters < honest:
        raise InputError(
            f"no strength for {byzantine} of {workers} workers: the lie needs {supporters} of {honest} "
            "honest workers beyond it; give a strength, or a q with 0 < floor(K/2 + 1) - q < K - q"
        )
    return NormalDist().inv_cdf((honest - supporters) / honest)


def alie(
    strength: float | Array | None = 1.0,
    ddof: int = 0,
    workers: int | None = None,
    byzantine: int | None = None,
) -> Payload:
    """ALIE: per coordinate, mean + strength · std of the honest gradients (Baruch et al., NeurIPS 2019).

    Whose gradients the mean and std are of is for the caller to choose: the rows that it passes.

    Args:
        strength: z, in standard deviations; a negative one moves the other way. The code published with
            Aspis uses 1.0 over all files, ByzFL 1.5; None stands for `baruch_strength`.
        ddof: 0 for the population's standard deviation (Aspis), 1 for the sample's (ByzFL, Blades).
        workers: K, needed if ``strength`` is None.
        byzantine: q, needed if ``strength`` is None.
    """
    if strength is None:
        if workers is None or byzantine is None:
            raise InputError("alie without a strength needs workers (K) and byzantine (q) to choose it")
        strength = baruch_strength(workers, byzantine)

    def lie(rows: Array, key: Array | None = None) -> Array:
        return mean_over_rows(rows) + strength * deviation(rows, ddof)

    # No entry is farther from the mean than twice the largest, and the deviation no larger than the farthest.
    return Payload(lie, largest=lambda entry: entry * (1 + 2 * jnp.abs(strength)))
