"""Mixing: the mean of a worker's files in the place of each file's gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.assignment import Assignment
from aspis_sim.coding.mean import means
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.layout import Layout, in_one
from aspis_sim.gradients.source import Gradients


def mixed(gradients: Gradients, assignment: Assignment, axis: Axis, whole: bool = False) -> Gradients:
    """The gradients of all files as the workers' means of them: K rows instead of f.

    A tile of the rows is formed from that tile of the files, so that all gradients need not exist at once even where
    all rows do. The loss stays that of the files, and the running statistics of a worker are the mean over its files.

    Args:
        gradients: of all files, in their order, in tiles.
        assignment: who computes which file.
        axis: the devices, each of which holds its slice of a tile's columns.
        whole: form the matrix of all rows at once, in one tile.
    """
    layout, shown = gradients.layout, gradients.layout
    bounds = means(gradients.bounds[:, None], assignment)[:, 0]

    def form(band: int, tile: Array | int) -> Array:
        return means(gradients.form(band, tile), assignment)

    if whole:
        shown, matrix = in_one(layout), _matrix(form, layout, axis)
        form = lambda band, tile: matrix  # noqa: E731

    def norms() -> Array:
        scale = jnp.where((bounds > 0) & jnp.isfinite(bounds), bounds, 1)

        def squares(band: int, tile: Array | int) -> Array:
            made = form(band, tile) / scale[:, None]
            return jnp.einsum("kd,kd->k", made, made)

        total = jnp.zeros_like(bounds)
        for number, band in enumerate(shown.bands):
            one = lambda tile, total, number=number: total + squares(number, tile)  # noqa: E731
            total = one(0, total) if band.tiles == 1 else lax.fori_loop(0, band.tiles, one, total)
        return scale * jnp.sqrt(axis.total(total))

    held = jnp.asarray(assignment.incidence)

    def weighted(weights: Array) -> Array:
        of_files = jnp.einsum("k,kf->f", weights, held.astype(weights.dtype), precision=lax.Precision.HIGHEST)
        return gradients.weighted(of_files / assignment.load)

    return replace(
        gradients,
        layout=shown,
        form=form,
        weighted=weighted,
        bounds=bounds,
        norms=norms,
        statistics=lambda chosen: gradients.statistics((held & chosen[:, None]).any(0)),
    )


def _matrix(form: Callable[[int, Array | int], Array], layout: Layout, axis: Axis) -> Array:
    """This device's columns of all rows, in the order of the parameters, from tiles."""
    bands = []
    for number, band in enumerate(layout.bands):
        one = lambda tile, number=number, band=band: axis.gather(form(number, tile), band.width)  # noqa: E731
        made = one(0)[:, None] if band.tiles == 1 else jnp.swapaxes(lax.map(one, jnp.arange(band.tiles)), 0, 1)
        bands.append(made.reshape(len(made), -1)[:, : band.columns])
    return axis.slice(layout.join(bands))
