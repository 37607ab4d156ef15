"""Samples as they are."""

from jax import Array

from aspis_sim.augmentations.base import Augmentation


def none() -> Augmentation:
    """Samples as they are."""

    def same(key: Array, sample: Array) -> Array:
        return sample

    return same
