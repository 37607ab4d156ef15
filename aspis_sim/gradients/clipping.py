"""Clipping: no gradient of a file, and no update, longer than a given norm."""

from dataclasses import replace

import jax.numpy as jnp
from jax import Array

from aspis_sim.gradients.source import Gradients


def clip_each(gradients: Gradients, radius: float) -> Gradients:
    """The gradients of files, those longer than ``radius`` scaled down to it.

    The norms are those of whole gradients, over all tiles and devices; for them every tile is formed once more. A
    gradient that is not finite stays so.
    """
    norms = gradients.norms()
    shrink = jnp.where(norms > radius, radius / norms, 1)

    def form(band: int, tile: Array | int) -> Array:
        made = gradients.form(band, tile)
        return (made * shrink[:, None]).astype(made.dtype)

    return replace(
        gradients,
        form=form,
        weighted=lambda weights: gradients.weighted((weights * shrink).astype(weights.dtype)),
        bounds=gradients.bounds * shrink,
        norms=lambda: norms * shrink,
    )


def clip_one(vector: Array, radius: float) -> Array:
    """A vector ``[d]``, scaled down to a norm of ``radius`` if it is longer; one that is not finite as it is.

    It is scaled by its largest entry first, so that no square overflows.
    """
    peak = jnp.max(jnp.abs(vector))
    unit = vector / jnp.where(peak > 0, peak, 1)
    norm = jnp.sqrt(jnp.einsum("d,d->", unit, unit))
    return jnp.where(norm > radius / peak, unit * (radius / norm), vector)
