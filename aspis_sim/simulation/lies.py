"""What the Byzantine workers return, tile by tile."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads import Payload
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.layout import Layout
from aspis_sim.models.base import in_float32


def lies_of(
    lie: Payload,
    layout: Layout,
    axis: Axis,
    key: Array,
    kind: jnp.dtype,
    poisoned: Callable[[int, Array | int], Array] | None = None,
) -> Callable[[Array, int, Array | int], Array]:
    """The lies ``[f or 1, width / devices]`` of a tile, from its honest rows, its band and its index.

    A lie is computed in float32 at least unless it is exact, and sent in the type of the gradients.

    Args:
        lie: the payload.
        layout: of the columns.
        axis: the devices, each of which holds its slice of a tile's columns.
        key: of the round's payload.
        kind: type of the weights, in which a lie that depends on no row is made.
        poisoned: (band, tile) -> the gradients of the files on poisoned samples, as the honest ones; None for a payload
            that poisons none.
    """
    if not lie.reads_rows:
        whole = lie(jnp.zeros((1, layout.parameters), kind), key)
        bands = layout.split(whole[None])

        def fixed(rows: Array, band: int, tile: Array | int) -> Array:
            width = layout.bands[band].width
            made = lax.dynamic_slice_in_dim(bands[band], tile * width, width, axis=1)
            return axis.slice(made).astype(rows.dtype)

        return fixed

    def lies(rows: Array, band: int, tile: Array | int) -> Array:
        width, columns = layout.bands[band].width, layout.bands[band].columns

        def seen(rows: Array) -> Array:
            whole = rows if lie.coordinatewise else axis.gather(rows, width)
            return whole if lie.exact else in_float32(whole)

        made = lie.of_files(seen(rows), key, None if poisoned is None else seen(poisoned(band, tile)))
        made = (made if lie.coordinatewise else axis.slice(made)).astype(rows.dtype)
        if axis.size == 1 and layout.bands[band].tiles == 1:
            return made
        real = tile * width + jnp.arange(width) < columns
        return jnp.where(axis.slice(real), made, 0)

    return lies
