"""The devices that simulate the workers: one axis, ``workers``, over which rows become columns.

Every device computes the gradients of its own rows (files, or copies of files). One all-to-all then hands each
device all rows and its own slice of the parameters: ``rows x parameters / devices`` numbers sent a device.
Comparisons of vectors add a few sums over the devices (a scalar a file each), the update one all-gather of
``parameters`` numbers. With one device every function is the identity and no collective is compiled.

The devices may be those of several processes, on one host or on many: all run the same program, the server's part of
it too, and come to the same verdicts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from aspis_sim.environment import PRNG
from aspis_sim.errors import InputError

NAME = "workers"

EVERYWHERE, COLUMNS = P(), P(None, NAME)
"""How arrays lie on the devices: replicated, or matrices of which each device holds some columns."""


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

    def gather(self, columns: Array, parameters: int) -> Array:
        """From this device's columns ``[..., d / D]`` to all of them ``[..., d]``."""
        if self.size == 1:
            return columns
        return jax.lax.all_gather(columns, NAME, axis=columns.ndim - 1, tiled=True)[..., :parameters]

    def slice(self, whole: Array) -> Array:
        """This device's columns ``[..., d / D]`` of ``[..., d]``; the inverse of `gather`."""
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


def on_all(tree: Any, devices: int) -> Any:
    """The same arrays, there for every device of several processes; with one process as they are.

    Those that lie on devices of several processes already stay as they are.
    """
    if jax.process_count() == 1:
        return tree
    everywhere = NamedSharding(_mesh(devices), P())

    def place(leaf: Any) -> Any:
        if isinstance(leaf, Array) and (
            leaf.sharding.is_equivalent_to(everywhere, leaf.ndim) or not leaf.is_fully_addressable
        ):
            return leaf
        if isinstance(leaf, Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            data = np.asarray(jax.random.key_data(leaf))
            return jax.random.wrap_key_data(jax.make_array_from_process_local_data(everywhere, data), impl=PRNG)
        return jax.make_array_from_process_local_data(everywhere, np.asarray(leaf))

    return jax.tree.map(place, tree)


def _mesh(devices: int) -> Mesh:
    return Mesh(np.array(jax.devices()[:devices]), (NAME,))


def zeros_by_columns(shapes: list[tuple[int, int]], dtype: Any, devices: int) -> tuple[Array, ...]:
    """Matrices of zeros, each device holding its columns."""
    if devices == 1:
        return tuple(jnp.zeros(shape, dtype) for shape in shapes)
    spread = NamedSharding(_mesh(devices), COLUMNS)
    return tuple(jax.jit(partial(jnp.zeros, shape, dtype), out_shardings=spread)() for shape in shapes)


def on_devices(
    function: Callable[..., Any], devices: int, given: Any = EVERYWHERE, made: Any = EVERYWHERE
) -> Callable[..., Any]:
    """Run ``function`` on every device of an axis of ``devices``.

    Args:
        function: of arrays.
        devices: how many.
        given, made: how arguments and results lie on the devices, as `jax.shard_map` takes it; replicated by default.

    Raises:
        InputError: JAX finds fewer devices.
    """
    if devices == 1:
        return function
    found = jax.devices()
    if devices > len(found):
        raise InputError(f"{devices} devices asked for, JAX finds {len(found)} ({found[0].platform})")
    return jax.shard_map(function, mesh=_mesh(devices), in_specs=given, out_specs=made, check_vma=False)
