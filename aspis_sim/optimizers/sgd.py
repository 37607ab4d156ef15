"""Stochastic gradient descent with momentum."""

import optax

from aspis_sim.optimizers.base import Optimizer, share


def sgd(momentum: float = 0.9, nesterov: bool = False) -> Optimizer:
    """Stochastic gradient descent with heavy-ball momentum, or Nesterov's.

    The velocity is v = g + μ v and the direction v, with Nesterov's momentum g + μ v (Sutskever et al., ICML 2013, in
    the form of optax and PyTorch, which look ahead from where the weights are).

    Args:
        momentum: μ, which `--momentum` sets.
        nesterov: whether it is Nesterov's.

    Raises:
        InputError: a momentum out of its range.
    """
    share("sgd", "momentum", momentum)
    return Optimizer(
        optax.trace(momentum, nesterov=nesterov),
        lambda state: (1 - momentum) * optax.tree_utils.tree_get(state, "trace"),
    )
