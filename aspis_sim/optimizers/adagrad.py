"""AdaGrad."""

import optax

from aspis_sim.optimizers.base import Optimizer, not_negative, remembering


def adagrad(initial: float = 0.0, eps: float = 1e-7) -> Optimizer:
    """Updates over the root of the sum of their squares so far (Duchi, Hazan and Singer, JMLR 2011).

    In federated learning it is the server of FedAdagrad (Reddi et al., ICLR 2021).

    Args:
        initial: what the sums of squares begin with.
        eps: added to them before the root is taken.

    Raises:
        InputError: an option out of its range.
    """
    not_negative("adagrad", "initial", initial)
    not_negative("adagrad", "eps", eps, zero=False)
    return remembering(optax.scale_by_rss(initial, eps))
