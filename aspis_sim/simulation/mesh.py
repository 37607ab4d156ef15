"""The devices that simulate the workers: one axis, ``workers``, over which rows become columns.

Every device computes the gradients of its own rows (files, or copies of files). One all-to-all then hands each
device all rows and its own slice of the parameters: ``rows x parameters / devices`` numbers sent a device.
Comparisons of vectors add a few sums over the devices (a scalar a file each), the update one all-gather of
``parameters`` numbers. With one device every function is the identity and no collective is compiled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from aspis_sim.errors import InputError

NAME = "workers"


@dataclass(frozen=True)
class Axis:
    """The axis ``workers`` as a device sees it.

    Attributes:
        size: number of devices D.
    """

    size: int = 1

    def rows_here(self, rows: int) -> int:
        """Rows that each device computes, ``ceil(rows / D)``; the last ones are padding."""
        return -(-rows // self.size)

    def first_row(self, rows: int) -> Array | int:
        """Index of this device's first row."""
        return self.rows_here(rows) * jax.lax.axis_index(NAME) if self.size > 1 else 0

    def to_columns(self, here: Array, rows: int) -> Array:
        """From this device's rows ``[rows / D, d]`` to all rows of its columns ``[rows, d / D]``."""
        if self.size == 1:
            return here
        padded = jnp.pad(here, ((0, 0), (0, -here.shape[1] % self.size)))
        return jax.lax.all_to_all(padded, NAME, split_axis=1, concat_axis=0, tiled=True)[:rows]

    def whole(self, columns: Array, parameters: int) -> Array:
        """From this device's columns ``[..., d / D]`` to all of them ``[..., d]``."""
        if self.size == 1:
            return columns
        return jax.lax.all_gather(columns, NAME, axis=columns.ndim - 1, tiled=True)[..., :parameters]

    def slice(self, whole: Array) -> Array:
        """This device's columns ``[..., d / D]`` of ``[..., d]``; the inverse of `whole`."""
        if self.size == 1:
            return whole
        width = -(-whole.shape[-1] // self.size)
        padded = jnp.pad(whole, [(0, 0)] * (whole.ndim - 1) + [(0, width * self.size - whole.shape[-1])])
        return jax.lax.dynamic_slice_in_dim(padded, width * jax.lax.axis_index(NAME), width, whole.ndim - 1)

    def total(self, value: Array) -> Array:
        """Sum over the devices."""
        return jax.lax.psum(value, NAME) if self.size > 1 else value

    def largest(self, value: Array) -> Array:
        """Maximum over the devices (NaN if any is NaN)."""
        if self.size == 1:
            return value
        return jnp.max(jax.lax.all_gather(value, NAME), axis=0)


def on_devices(function: Callable[..., Any], devices: int) -> Callable[..., Any]:
    """Run ``function`` on every device of an axis of ``devices``, all arguments and results replicated.

    Raises:
        InputError: JAX finds fewer devices.
    """
    if devices == 1:
        return function
    found = jax.devices()
    if devices > len(found):
        raise InputError(f"{devices} devices asked for, JAX finds {len(found)} ({found[0].platform})")
    mesh = Mesh(np.array(found[:devices]), (NAME,))
    return jax.shard_map(function, mesh=mesh, in_specs=P(), out_specs=P(), check_vma=False)
