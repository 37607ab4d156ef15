"""Integers in the order of floating-point numbers: -Inf < finite numbers < +Inf < NaN, whatever the sign of the NaN."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

_KEY = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}


def to_keys(values: Array, kept: Array | None = None) -> Array:
    """Integers of the same width that are ordered as the values are; rows not kept come after everything."""
    values = jnp.where(jnp.isnan(values), jnp.full_like(values, jnp.nan), values)
    bits = lax.bitcast_convert_type(values, _KEY[values.dtype.itemsize])
    largest = jnp.iinfo(bits.dtype).max
    keys = bits ^ ((bits >> (values.dtype.itemsize * 8 - 1)) & largest)
    return keys if kept is None else jnp.where(kept[:, None], keys, largest)


def from_keys(keys: Array, dtype: jnp.dtype) -> Array:
    """The values that `to_keys` made the integers from."""
    largest = jnp.iinfo(keys.dtype).max
    return lax.bitcast_convert_type(keys ^ ((keys >> (keys.dtype.itemsize * 8 - 1)) & largest), dtype)
