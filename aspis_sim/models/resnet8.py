"""ResNet-8, the smallest residual network for CIFAR, for machines without an accelerator."""

from aspis_sim.models.base import Model
from aspis_sim.models.resnet import resnet


def resnet8(classes: int, width: int = 16, norm: str = "group", groups: int = 8) -> Model:
    """ResNet-8: three stages of one block (78,042 parameters on CIFAR-10), with group or batch norm.

    Other than the networks for CIFAR of He et al. it has convolutions of 1 x 1 on the shortcuts that change shape.

    Args:
        classes: number of classes.
        width: channels of the stem and of the first of three stages, each of which doubles them.
        norm: "group": normalised over groups of channels of a sample (Wu and He, 2018); "batch": each channel over the
            samples of a file (Ioffe and Szegedy, 2015), and by running statistics when it is scored.
        groups: of channels; divides the width; for group norm.

    Raises:
        InputError: an option that does not work, with one that does.
    """
    return resnet("resnet8", classes, width, 3, 1, norm, groups)
