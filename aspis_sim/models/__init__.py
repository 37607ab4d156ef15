"""Models in flax, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.models.base import Model

MODELS: Registry[None] = Registry(
    "model",
    {
        "mlp": "aspis_sim.models.mlp:mlp",
        "softmax": "aspis_sim.models.softmax:softmax",
        "linear": "aspis_sim.models.linear:linear",
        "lenet": "aspis_sim.models.lenet:lenet",
        "resnet8": "aspis_sim.models.resnet8:resnet8",
        "resnet18": "aspis_sim.models.resnet18:resnet18",
    },
)


def build(name: str, classes: int, **parameters: Any) -> Model:
    """Build the model ``name`` for this many classes.

    Raises:
        InputError: unknown name (the nearest is named) or parameter.
    """
    return MODELS.build(name, classes=classes, **parameters)


__all__ = ["MODELS", "build"]
