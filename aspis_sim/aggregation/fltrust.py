"""FLTrust: rows weighted by how far they point the way of a gradient that the server computed itself."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.base import Rule
from aspis_sim.aggregation.lengths import exponent, kind_of, peaks, power_of_two, squared_norms
from aspis_sim.errors import InputError

SAMPLES = 100


def fltrust(samples: int = SAMPLES) -> Rule:
    """The mean of rows as long as the server's own row 0, weighted by trust (Cao, Fang, Liu and Gong, NDSS 2021).

    Row i has the trust max(0, cos(x_i, x_0)); the result is ‖x_0‖ times the mean of x_i / ‖x_i‖ over i ≥ 1 by trust.
    Row 0 itself is not in the mean. No f is told, and any number of the other rows may be Byzantine.

    In training the server computes row 0 on its own samples, which no Byzantine worker sees: drawn once a run from the
    training data, with replacement, and rounded up to whole files. Theirs are samples beside those of the workers. What
    they leave open: where nobody has any trust the result is 0; a
    row that holds NaN or Inf, or is 0, has none; where the server's own does, the result is NaN or 0. Each row is
    measured in a unit of its own: right from 1e-30 to 1e36 in float32.

    Args:
        samples: what the server computes its own gradient on, about.

    Raises:
        InputError: ``samples`` is not positive.
    """
    if samples < 1:
        raise InputError(f"fltrust needs 1 or more samples of the server's own, got {samples}")

    def aggregate(values: Array, kept: Array | None = None) -> Array:
        kind = kind_of(values)
        largest = peaks(values)
        unit = power_of_two(-exponent(largest), kind)
        rows = values * unit.astype(values.dtype)[:, None]
        lengths = jnp.sqrt(squared_norms(rows))
        others = jnp.isfinite(lengths) & (lengths > 0) & (jnp.arange(len(values)) > 0)
        if kept is not None:
            others &= kept
        safe = jnp.where(others, lengths, 1)
        own = rows[0].astype(kind) / jnp.where(lengths[0] > 0, lengths[0], 1)
        cosines = jnp.sum(jnp.where(others[:, None], rows, 0) * own, axis=1) / safe
        trust = jnp.where(others, jnp.maximum(cosines, 0), 0)
        total = jnp.sum(trust)
        shares = trust / jnp.where(total > 0, total, 1) / safe
        mean = jnp.sum(jnp.where(others[:, None], rows, 0) * shares[:, None], axis=0)
        return (mean * lengths[0] / unit[0]).astype(values.dtype)

    return Rule(aggregate, takes_kept=True, order_free=False, own_samples=samples)
