"""How the server moves the weights along the updates, one optimizer a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.optimizers.base import Optimizer

OPTIMIZERS: Registry[None] = Registry(
    "optimizer",
    {
        "sgd": "aspis_sim.optimizers.sgd:sgd",
        "adam": "aspis_sim.optimizers.adam:adam",
        "adagrad": "aspis_sim.optimizers.adagrad:adagrad",
        "rmsprop": "aspis_sim.optimizers.rmsprop:rmsprop",
        "signum": "aspis_sim.optimizers.signum:signum",
    },
    filled=("momentum",),
)


def optimizer(name: str, momentum: float, /, **parameters: Any) -> Optimizer:
    """Build the optimizer ``name`` of a run: from the updates of its steps to the directions of its weights.

    Args:
        name: a registered optimizer.
        momentum: of the server, for optimizers that have one.
        parameters: of the optimizer.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    given = {"momentum": momentum} if OPTIMIZERS.accepts(name, "momentum") else {}
    return OPTIMIZERS.build(name, **given, **parameters)


__all__ = ["OPTIMIZERS", "optimizer"]
