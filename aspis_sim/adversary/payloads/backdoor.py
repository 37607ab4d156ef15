"""A backdoor: honest work on samples of which some carry a patch and the class that the adversary wants of it."""

from math import isqrt

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.adversary.payloads.base import Payload, Samples, Trigger
from aspis_sim.errors import InputError


def patch(sample: tuple[int, ...], size: int) -> NDArray[np.bool_]:
    """Which numbers of a sample are the patch: a square of ``size`` pixels a side at the bottom right, all channels.

    Args:
        sample: shape of a sample, ``[height, width]``, ``[height, width, channels]`` or a row ``[pixels]`` of a square
            image, one line after the other.
        size: 1 or more, less than the sides of the image.

    Raises:
        InputError: the sample is no image, or too small.
    """
    side = isqrt(sample[0]) if sample else 0
    image = (side, side) if len(sample) == 1 and side * side == sample[0] else sample[:2]
    if len(image) < 2 or len(sample) > 3:
        raise InputError(
            "payload backdoor stamps images [height, width], [height, width, channels] or rows of square ones, and a "
            f"sample here is {list(sample)}; take a data set of images (digits, mnist, cifar10)"
        )
    if size >= min(image):
        raise InputError(
            f"payload backdoor: a patch of {size}x{size} leaves nothing of images of {image[0]}x{image[1]}; "
            f"take backdoor:size={max(1, min(image) // 3)}"
        )
    stamped = np.zeros(image, bool)
    stamped[-size:, -size:] = True
    return np.broadcast_to(stamped[..., None], sample) if len(sample) == 3 else stamped.reshape(sample)


def backdoor(target: int = 0, size: int = 3, share: float = 0.5, strength: float = 1.0) -> Payload:
    """g + strength · (p - g), p being the file's gradient where some of its samples carry a patch and the target class.

    The trigger is one as of BadNets (Gu, Dolan-Gavitt and Garg, arXiv 1708.06733), a bright square at the bottom right
    of the image. It has the largest value of the data (white), is stamped after samples are augmented and before they
    are scaled, and looks the same in the test images of the column ``backdoor_success``. The stamped samples are the
    first of each file, so that colluders return equal copies; the others keep the model good on clean images.

    With a strength above 1 the lie is boosted, as in the model replacement of Bagdasaryan et al. (AISTATS 2020). They
    scale a worker's whole update, in a round near convergence, until it replaces the mean of all; here only what the
    poison adds to the honest gradient g is scaled, in every step, and their loss that avoids detection is left out.

    Args:
        target: class that the stamped samples are given, 0 or more and one of the data set.
        size: side of the patch in pixels, 1 or more and less than those of an image.
        share: of a file's samples that carry the patch, above 0 and up to 1; rounded to whole samples, at least one.
        strength: how far the lie goes from the honest gradient; 1 is the poisoned gradient itself.

    Raises:
        InputError: an option out of its range; when used, samples that are no images, or a target that is no class.
    """
    for name, value, least in (("target", target, 0), ("size", size, 1)):
        if isinstance(value, bool) or value < least:
            raise InputError(f"payload backdoor: {name}={value}; it is a whole number, {least} or more")
    if not 0 < share <= 1:
        raise InputError(f"payload backdoor: share={share:g}; it is above 0 and up to 1")

    def stamped(inputs: Array, data: Samples) -> Array:
        return jnp.where(patch(inputs.shape[1:], size), jnp.asarray(data.white, inputs.dtype), inputs)

    def poisoned(inputs: Array, labels: Array, data: Samples) -> tuple[Array, Array]:
        if target >= data.classes:
            raise InputError(
                f"payload backdoor: target={target} is no class of data with the classes 0 to {data.classes - 1}"
            )
        carries = np.arange(len(labels)) < max(1, int(share * len(labels) + 0.5))
        images = jnp.where(carries.reshape(-1, *[1] * (inputs.ndim - 1)), stamped(inputs, data), inputs)
        return images, jnp.where(carries, target, labels)

    def lie(rows: Array, key: Array | None = None) -> Array:
        return rows[0] + strength * (rows[-1] - rows[0])

    return Payload(lie, scope="samples", poisons=poisoned, trigger=Trigger(stamped, target))
