"""Models in flax, one file each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aspis_sim.registry import Registry

if TYPE_CHECKING:
    from aspis_sim.models.base import Model


@dataclass(frozen=True)
class ModelTraits:
    """What is known of a model without building it.

    Attributes:
        needs_classes: whether it scores classes, and so cannot learn from data that have none.
    """

    needs_classes: bool = False


MODELS = Registry(
    "model",
    {
        "mlp": "aspis_sim.models.mlp:mlp",
        "softmax": "aspis_sim.models.softmax:softmax",
        "linear": "aspis_sim.models.linear:linear",
        "lenet": "aspis_sim.models.lenet:lenet",
        "resnet8": "aspis_sim.models.resnet8:resnet8",
        "resnet18": "aspis_sim.models.resnet18:resnet18",
    },
    ModelTraits(),
    {name: ModelTraits(needs_classes=True) for name in ("mlp", "softmax", "lenet", "resnet8", "resnet18")},
    filled=("classes",),
)


def build(name: str, classes: int, **parameters: Any) -> Model:
    """Build the model ``name`` for this many classes.

    Raises:
        InputError: unknown name (the nearest is named) or parameter.
    """
    return MODELS.build(name, classes=classes, **parameters)


__all__ = ["MODELS", "ModelTraits", "build"]
