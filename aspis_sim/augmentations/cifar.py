"""The augmentation of images that is usual on CIFAR: shifted by a few pixels, and flipped half of the time."""

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.augmentations.base import Augmentation
from aspis_sim.errors import InputError


def cifar(pad: int = 4) -> Augmentation:
    """Reflected edges, a random crop of the original size, and a horizontal flip with probability 1/2.

    As in Konstantinidis et al.: the image is padded by reflection (without its outermost pixels once more), the crop
    is uniform over all places, the flip independent of it. Rows and columns are looked up where the crop would find
    them, so that no padded image exists.

    Args:
        pad: pixels at each edge, less than the sides of an image.

    Raises:
        InputError: the padding is no whole number of 0 or more; when used, samples that are no images, or too small.
    """
    if isinstance(pad, bool) or not isinstance(pad, int) or pad < 0:
        raise InputError(f"augmentation cifar: pad={pad}; it is a whole number of pixels, 0 or more")

    def crop_and_flip(key: Array, sample: Array) -> Array:
        if sample.ndim != 3:
            raise InputError(
                "augmentation cifar changes images [height, width, channels], and a sample here is "
                f"{list(sample.shape)}; take `augment=none`"
            )
        height, width, _ = sample.shape
        if pad >= min(height, width):
            raise InputError(
                f"augmentation cifar: an image of {height}x{width} has no {pad} pixels to reflect at each edge; "
                f"take cifar:pad={min(height, width) - 1} or less"
            )
        of_crop, of_flip = jax.random.split(key)
        down, right = jax.random.randint(of_crop, (2,), 0, 2 * pad + 1)
        rows = _reflected(jnp.arange(height) + down - pad, height)
        columns = _reflected(jnp.arange(width) + right - pad, width)
        columns = jnp.where(jax.random.bernoulli(of_flip), columns[::-1], columns)
        return sample[rows[:, None], columns[None, :]]

    return crop_and_flip


def _reflected(index: Array, size: int) -> Array:
    """Indices beyond the first and the last, turned back as in a mirror on it."""
    inside = jnp.abs(index)
    return jnp.where(inside < size, inside, 2 * (size - 1) - inside)
