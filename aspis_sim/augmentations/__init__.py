"""How training images are changed before a gradient is taken, one file an augmentation."""

from typing import Any

from aspis_sim.augmentations.base import Augmentation, AugmentationTraits
from aspis_sim.registry import Registry

AUGMENTATIONS = Registry(
    "augmentation",
    {
        "none": "aspis_sim.augmentations.none:none",
        "cifar": "aspis_sim.augmentations.cifar:cifar",
    },
    AugmentationTraits(),
    {"none": AugmentationTraits(changes=False)},
)


def augmentation(name: str, **parameters: Any) -> Augmentation:
    """Build the augmentation ``name``: a pure function from a key and a sample to a sample of the same shape.

    Raises:
        InputError: unknown name (the nearest is named), or a parameter that it does not take or cannot have.
    """
    return AUGMENTATIONS.build(name, **parameters)


__all__ = ["AUGMENTATIONS", "Augmentation", "AugmentationTraits", "augmentation"]
