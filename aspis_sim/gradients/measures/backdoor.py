"""How often a model does as the trigger of a backdoor wants."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from aspis_sim.adversary.payloads.base import Trigger
from aspis_sim.gradients.network import Network

NO_CLASS = -1
"""A label that no image is classified as."""


def backdoor_success(net: Network, weights: Array, statistics: Any, seed: int, trigger: Trigger) -> float | None:
    """The share of the test images of other classes than the target that the model calls the target once stamped.

    Args:
        net: the model on its data, within `aspis_sim.environment.pinned`.
        weights: float ``[d]``.
        statistics: running ones of batch norms, empty without any.
        seed: of the run.
        trigger: of the backdoor.

    Returns:
        The share, from 0 to 1; None where all test images are of the target class.
    """
    samples = net.samples(seed)
    inputs, labels = samples.inputs["test"], samples.labels["test"]
    others = labels != trigger.target
    if not others.any():
        return None
    stamped = trigger.stamp(jnp.asarray(inputs), net.example)
    wanted = np.where(others, trigger.target, NO_CLASS).astype(labels.dtype)
    return net.judged(stamped, wanted, weights, statistics)[0] / int(others.sum())
