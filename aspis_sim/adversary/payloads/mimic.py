"""Mimic: every colluder repeats one honest gradient."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.errors import InputError


def mimic(index: int = 0) -> Payload:
    """The honest gradient number ``index``: not a wrong value but a biased vote.

    Karimireddy et al., ICLR 2022.

    Args:
        index: 0-based, among the honest gradients.
    """
    if index < 0:
        raise InputError(f"mimic needs an index of 0 or more, got {index}")

    def lie(rows: Array, key: Array | None = None) -> Array:
        if index >= len(rows):
            raise InputError(f"mimic index {index} is beyond the {len(rows)} honest gradients")
        return rows[index]

    return Payload(lie, largest=lambda entry: entry)
