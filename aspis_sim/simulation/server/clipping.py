"""A server that clips every copy that it is sent, the Byzantine workers' too, before it compares them."""

from collections.abc import Callable
from functools import reduce

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.aggregation.lengths import exponent, peaks, power_of_two, squared_norms
from aspis_sim.detection.agreement import Views
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.clipping import clip_each
from aspis_sim.gradients.layout import Layout
from aspis_sim.gradients.source import Gradients

Told = Callable[[int, Array | int], Views]
"""(band, tile) -> the copies of a tile."""


def clip_returned(computed: Gradients, told: Told, axis: Axis, radius: float | None) -> tuple[Gradients, Told]:
    """The gradients and the copies as they are once those longer than ``radius`` are scaled down to it; None: as told.

    The norms are those of whole copies, for which every tile is formed three times more. A copy that is not finite
    stays so.
    """
    if radius is None:
        return computed, told
    own = shrinking(lambda band, tile: told(band, tile).honest, computed.layout, axis, radius)
    other = shrinking(lambda band, tile: told(band, tile).lies, computed.layout, axis, radius)

    def clipped(band: int, tile: Array | int) -> Views:
        views = told(band, tile)
        honest, lies = own.astype(views.honest.dtype), other.astype(views.lies.dtype)
        return views._replace(honest=views.honest * honest, lies=views.lies * lies)

    return clip_each(computed, radius), clipped


def shrinking(form: Callable[[int, Array | int], Array], layout: Layout, axis: Axis, radius: float) -> Array:
    """By how much rows that come in tiles are to be scaled so that none is longer than ``radius``: ``[rows, 1]``.

    Each row is scaled by a power of two that follows its largest entry, so that no square overflows or underflows.
    """

    def joined(measure: Callable[[Array], Array], join: Callable[[Array, Array], Array]) -> Array:
        parts = []
        for number, band in enumerate(layout.bands):
            one = lambda tile, number=number: measure(form(number, tile))  # noqa: E731
            further = lambda done, tile, one=one: (join(done, one(tile)), None)  # noqa: E731
            parts.append(lax.scan(further, one(0), jnp.arange(1, band.tiles))[0] if band.tiles > 1 else one(0))
        return reduce(join, parts)

    peak = axis.largest(joined(peaks, jnp.maximum))
    unit = power_of_two(-exponent(peak), peak.dtype)
    norm = jnp.sqrt(axis.total(joined(lambda rows: squared_norms(rows.astype(peak.dtype) * unit[:, None]), jnp.add)))
    longer = jnp.isfinite(peak) & (norm > radius * unit)
    return jnp.where(longer, radius * unit / norm, 1)[:, None]
