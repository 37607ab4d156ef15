"""ARC, adaptive robust clipping: the longest rows are shortened to the length of the next one."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Preaggregation, majority
from aspis_sim.aggregation.clipping import shorten
from aspis_sim.aggregation.lengths import norms


def arc(f: int) -> Preaggregation:
    """Scale the k = floor(2f(n - f)/n) longest rows down to the length of the longest of the others.

    Allouah et al., ICLR 2025. A row with NaN or Inf, or whose length overflows, counts as the longest and
    becomes zeros. Lengths as in `norms`: right from 1e-30 to 1e36 in float32. With rows not
    kept, n is the number of those that are.

    Args:
        f: Byzantine rows.
    """

    def clip(values: Array, kept: Array | None = None) -> tuple[Array, Array | None]:
        lengths = norms(values, kept=kept)
        if kept is None:
            number: Array | int = len(values)
            ordered = jnp.sort(lengths)
        else:
            number = jnp.maximum(kept.sum(dtype=jnp.int32), 1)
            ordered = jnp.sort(jnp.where(kept, lengths, jnp.inf))
        longest = jnp.maximum(2 * f * (number - f) // number, 0)
        limit = ordered[number - longest - 1]
        return shorten(values, lengths, limit), kept

    return Preaggregation(clip, takes_kept=True, tolerance=majority(f))
