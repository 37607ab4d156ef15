"""Momentum at the workers: what an honest worker returns is a running mean of its file's gradients.

For file j at step t it is ``m_j <- beta m_j + (1 - beta) g_j``, with ``m_j = 0`` before the first step (Karimireddy, He
and Jaggi, "Learning from history for Byzantine robust optimization", 2021, with a history a file where they have one a
worker). The copies of a file share its history, or have equal ones where each is computed, so that honest copies
agree. The histories are a matrix ``files x parameters`` that has to exist, each device holding its columns of every
tile.
"""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.layout import Layout
from aspis_sim.gradients.source import Gradients

History = tuple[Array, ...]
"""For each band of the layout, float ``[f, tiles x width]``, this device's columns of one tile after those of another;
empty where workers have no momentum."""

ROUNDED = 1.001
"""What norms are multiplied by to be bounds also where they were rounded down."""


def shapes(layout: Layout, rows: int, axis: Axis) -> list[tuple[int, int]]:
    """The shapes of a history of ``rows`` gradients over all devices."""
    return [(rows, axis.size * band.tiles * _width(band.width, axis)) for band in layout.bands]


def accumulate(history: History, gradients: Gradients, beta: float, axis: Axis) -> tuple[History, Gradients]:
    """The history with these gradients, and what it makes of them: its own rows in their place."""
    layout = gradients.layout
    widths = [_width(band.width, axis) for band in layout.bands]

    def with_tile(band: int, tile: Array | int, past: Array) -> Array:
        start = tile * widths[band]
        old = lax.dynamic_slice_in_dim(past, start, widths[band], axis=1)
        new = beta * old + (1 - beta) * gradients.form(band, tile).astype(past.dtype)
        return lax.dynamic_update_slice_in_dim(past, new, start, axis=1)

    made = []
    for number, (band, past) in enumerate(zip(layout.bands, history, strict=True)):
        one = lambda tile, past, number=number: with_tile(number, tile, past)  # noqa: E731
        made.append(one(0, past) if band.tiles == 1 else lax.fori_loop(0, band.tiles, one, past))
    dtype = jax.eval_shape(lambda: gradients.form(0, 0)).dtype

    def form(band: int, tile: Array | int) -> Array:
        return lax.dynamic_slice_in_dim(made[band], tile * widths[band], widths[band], axis=1).astype(dtype)

    def weighted(weights: Array) -> Array:
        bands = []
        for band, width, rows in zip(layout.bands, widths, made, strict=True):
            chosen = jnp.where(weights[:, None] == 0, 0, rows)
            total = jnp.einsum("f,fd->d", weights.astype(rows.dtype), chosen).reshape(band.tiles, width)
            bands.append(axis.gather(total, band.width).reshape(-1)[: band.columns])
        return layout.join(bands).astype(weights.dtype)

    def norms() -> Array:
        return jnp.sqrt(axis.total(sum((jnp.einsum("fd,fd->f", rows, rows) for rows in made), jnp.zeros(()))))

    bounds = (ROUNDED * norms()).astype(gradients.bounds.dtype)
    return tuple(made), replace(gradients, form=form, weighted=weighted, bounds=bounds, norms=norms)


def _width(width: int, axis: Axis) -> int:
    """Columns of a tile that a device holds."""
    return -(-width // axis.size)
