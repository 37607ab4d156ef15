"""What files return in the readable run: their gradients, or the changes of weights over local steps."""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import numpy as np

from aspis_sim.gradients.network import Network


def returned_by(net: Network, local_steps: int) -> Callable[..., tuple[Any, Any]]:
    """From weights ``[d]``, a rate, inputs ``[f, n, ...]`` and labels to what every file returns.

    Returns:
        The function: the loss of every file at the weights, ``[f]``, and (w - w_E) / rate, ``[f, d]``, as a sum of the
        gradients at w_0 = w, ..., w_{E-1}.
    """
    gradients = _gradients(net)

    def returned(weights: Any, rate: Any, inputs: Any, labels: Any) -> tuple[Any, Any]:
        own = np.tile(weights, (len(labels), 1))
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
