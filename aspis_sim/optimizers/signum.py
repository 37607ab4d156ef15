"""The sign of the momentum."""

import jax.numpy as jnp
import optax

from aspis_sim.optimizers.base import Optimizer, remembering, share


def signum(momentum: float = 0.9) -> Optimizer:
    """The signs of the momentum, m = μ m + (1 - μ) g (Signum; Bernstein et al., ICML 2018).

    With μ = 0 it is signSGD. An entry of NaN has the direction NaN.

    Args:
        momentum: μ, which `--momentum` sets.

    Raises:
        InputError: a momentum out of its range.
    """
    share("signum", "momentum", momentum)
    signs = optax.stateless(lambda updates, _: jnp.sign(updates))
    return remembering(optax.chain(optax.ema(momentum, debias=False), signs))
