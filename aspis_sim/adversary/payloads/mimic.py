"""Mimic: every colluder repeats one honest gradient."""

from __future__ import annotations

from typing import Literal

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.caf import centred_products
from aspis_sim.aggregation.distances import geometry
from aspis_sim.errors import InputError

Direction = Literal["variance"]


def mimic(index: int = 0, direction: Direction | None = None) -> Payload:
    """One honest gradient, number ``index`` or the farthest one out: not a wrong value but a biased vote.

    Karimireddy et al., ICLR 2022. With ``direction`` it is the one that is farthest from the mean along the direction
    of most variance, on either side; of several the first. The direction is found anew in every step, exactly, from
    the n × n products of the honest gradients. They estimate it over a warm-up, with one step of the power iteration
    each, go one way along it, which depends on a random start, and then repeat the same worker to the end: a worker's
    data is its own there, where here files are usually drawn anew in every step. A row with NaN or Inf, or out of
    bounds (`aspis_sim.aggregation.distances`), is not chosen while another is there.

    Args:
        index: 0-based, among the honest gradients.
        direction: "variance", or None for the one with the index.

    Raises:
        InputError: an unknown direction, one beside an index, or an index that there is not.
    """
    if index < 0:
        raise InputError(f"mimic needs an index of 0 or more, got {index}")
    if direction not in (None, "variance"):
        raise InputError(f"unknown direction {direction!r}; known: variance")
    if direction and index:
        raise InputError(f"mimic takes an index or a direction, not both: leave out index={index}")

    def lie(rows: Array, key: Array | None = None) -> Array:
        if index >= len(rows):
            raise InputError(f"mimic index {index} is beyond the {len(rows)} honest gradients")
        return rows[index]

    def farthest(rows: Array, key: Array | None = None) -> Array:
        return rows[_farthest_out(rows)]

    return Payload(farthest if direction else lie, coordinatewise=not direction, largest=lambda entry: entry)


def _farthest_out(rows: Array) -> Array:
    """Which of the rows ``[n, d]`` is farthest from their mean along the direction of most variance.

    The top eigenvector of their products around the mean holds how far each row is along that direction.
    """
    seen = geometry(rows)
    both = seen.usable[:, None] & seen.usable
    share = seen.usable / jnp.maximum(seen.usable.sum(), 1).astype(seen.squared.dtype)
    products = centred_products(jnp.where(both, seen.squared, 0), share)
    _, vectors = jnp.linalg.eigh(jnp.where(both, products, 0))
    out = jnp.where(seen.usable, jnp.abs(vectors[:, -1]), 0)
    rounding = jnp.sqrt(jnp.finfo(out.dtype).eps)
    return jnp.argmax((out >= (1 - rounding) * out.max()) & seen.usable)
