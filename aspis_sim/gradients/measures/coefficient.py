"""How far from the honest mean an update was, measured by how far the honest rows are from it themselves."""

import jax.numpy as jnp
from jax import Array

from aspis_sim.gradients.source import Gradients


def realised_coefficient(honest: Gradients, chosen: Array, update: Array) -> Array:
    """κ̂ of one step: ‖u − m‖² over the mean of ‖x_i − m‖², m being the mean of the honest rows x_i that the rule met.

    A rule is (f, κ)-robust if this never exceeds κ, whatever the other f rows are and whichever n − f rows count as
    honest; no rule has a κ below f / (n − 2f) (Allouah et al., AISTATS 2023). Here it is the value on the rows of one
    step, the files whose value is their honest gradient counting as honest.

    Args:
        honest: gradients of the files.
        chosen: bool ``[f]``, the files whose honest gradient reached the rule.
        update: float ``[d]``, what the rule made of all values.

    Returns:
        κ̂; inf where the update is not finite; NaN where the honest rows are all equal, fewer than two or not finite, so
        that there is none. The spread comes from norms: it is right to about 1e-7 of the honest rows' mean square.
    """
    kind = honest.bounds.dtype
    count = chosen.sum().astype(kind)
    mean = honest.weighted(chosen.astype(kind)).astype(kind) / jnp.maximum(count, 1)
    squares = jnp.sum(jnp.where(chosen, jnp.square(honest.norms().astype(kind)), 0)) / jnp.maximum(count, 1)
    spread = squares - jnp.sum(jnp.square(mean))
    away = jnp.sum(jnp.square(update.astype(kind) - mean))
    known = jnp.isfinite(spread) & (spread > ROUNDING * squares) & (count > 1)
    return jnp.where(known, jnp.where(jnp.isfinite(update).all(), away / spread, jnp.inf), jnp.nan)


ROUNDING = 1e-5
"""Share of the rows' mean square below which their spread is rounding."""
