"""Gaussian noise instead of a gradient."""

import jax
from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.errors import InputError


def gaussian(strength: float | Array = 1.0, mean: float | Array = 0.0) -> Payload:
    """Independent normal entries of standard deviation ``strength`` (Blanchard et al., NeurIPS 2017).

    Colluders return the same draw. The payload needs a key.

    Args:
        strength: standard deviation (the attack published with Krum used 200^0.5).
        mean: of every entry.
    """

    def lie(rows: Array, key: Array | None = None) -> Array:
        if key is None:
            raise InputError("the gaussian payload is random and needs a key")
        return mean + strength * jax.random.normal(key, rows.shape[1:], rows.dtype)

    return Payload(lie, reads_rows=False)
