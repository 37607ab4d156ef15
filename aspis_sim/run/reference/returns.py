"""What files return in the readable run: their gradients, or the changes of weights over local steps."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.coding import CODINGS
from aspis_sim.gradients.network import Network
from aspis_sim.run.resolve import Job
from aspis_sim.streams import own_samples


def returned_by(net: Network, local_steps: int) -> Callable[..., tuple[Any, Any]]:
    """From weights ``[d]``, a rate, inputs ``[f, n, ...]`` and labels to what every file returns.

    Returns:
        The function: the loss of every file at the weights, ``[f]``, and (w - w_E) / rate, ``[f, d]``, as a sum of the
        gradients at w_0 = w, ..., w_{E-1}.
    """
    gradients = _gradients(net)

    def returned(weights: Any, rate: Any, inputs: Any, labels: Any) -> tuple[Any, Any]:
        own = jnp.tile(weights, (len(labels), 1))
        losses, total = gradients(own, inputs, labels)
        for _ in range(local_steps - 1):
            own = weights - rate * total
            total = total + gradients(own, inputs, labels)[1]
        return losses, total

    return returned


@cache
def _gradients(net: Network) -> Callable[..., tuple[Any, Any]]:
    """From weights ``[f, d]``, inputs ``[f, n, ...]`` and labels to the loss and the gradient of every file."""

    def of_file(weights: Any, inputs: Any, labels: Any) -> Any:
        return net.loss(net.unravel(weights), inputs, labels)

    return jax.jit(jax.vmap(jax.value_and_grad(of_file)))


def sent_by(job: Job, rows: Any) -> Any:
    """What workers make of the files' gradients ``[f, d]``: nothing, or each the mean of its own, ``[K, d]``."""
    if not CODINGS.traits(job.cell.coding).mixes:
        return rows
    return jnp.stack([rows[files].mean(0) for files in job.assignment.worker_files])


def own_row(job: Job, gradients: Callable[..., Any], samples: int) -> NDArray[Any]:
    """The gradient ``[d]`` that the server computes on its own samples; empty for a rule that needs none."""
    wanted = job.build_rule().own_samples
    if not wanted:
        return np.zeros(0)
    return np.asarray(gradients(own_samples(job.feed().key, samples, wanted, job.samples_per_file))).mean(0)


def clipped(rows: Any, radius: float | None) -> Any:
    """Rows ``[n, d]``, those longer than ``radius`` scaled down to it."""
    if radius is None:
        return rows
    norms = jnp.linalg.norm(rows, axis=1, keepdims=True)
    return rows * jnp.where(norms > radius, radius / norms, 1)
