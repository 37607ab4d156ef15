"""Adam, with weight decay beside it where that is asked for."""

import optax

from aspis_sim.optimizers.base import Optimizer, not_negative, remembering, share


def adam(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, weight_decay: float = 0.0) -> Optimizer:
    """Means of the updates over means of their squares, both corrected for their start at 0 (Kingma and Ba, ICLR 2015).

    A weight decay λ adds λ w to the direction after that (AdamW; Loshchilov and Hutter, ICLR 2019).

    Args:
        b1: decay of the mean of the updates.
        b2: decay of the mean of their squares.
        eps: added to the root of the latter.
        weight_decay: λ.

    Raises:
        InputError: an option out of its range.
    """
    share("adam", "b1", b1)
    share("adam", "b2", b2)
    not_negative("adam", "eps", eps, zero=False)
    not_negative("adam", "weight_decay", weight_decay)
    made = optax.scale_by_adam(b1, b2, eps)
    return remembering(optax.chain(made, optax.add_decayed_weights(weight_decay)) if weight_decay else made)
