"""RMSProp."""

import optax

from aspis_sim.optimizers.base import Optimizer, not_negative, remembering, share


def rmsprop(decay: float = 0.9, eps: float = 1e-8) -> Optimizer:
    """Updates over the root of a decaying mean of their squares (Tieleman and Hinton, 2012).

    Args:
        decay: of the mean.
        eps: added to it before the root is taken.

    Raises:
        InputError: an option out of its range.
    """
    share("rmsprop", "decay", decay)
    not_negative("rmsprop", "eps", eps, zero=False)
    return remembering(optax.scale_by_rms(decay, eps))
