"""ResNet-18 for images of 32x32: a stem of 3x3 without pooling, as is usual on CIFAR."""

from aspis_sim.models.base import Model
from aspis_sim.models.resnet import resnet


def resnet18(classes: int, width: int = 64, norm: str = "group", groups: int = 8) -> Model:
    """ResNet-18 with a stem for small images (11,173,962 parameters with 10 classes), with group or batch norm.

    Args:
        classes: number of classes.
        width: channels of the stem and of the first of four stages, each of which doubles them; two blocks a stage.
        norm: "group": normalised over groups of channels of a sample (Wu and He, 2018); "batch": each channel over the
            samples of a file (Ioffe and Szegedy, 2015), and by running statistics when it is scored.
        groups: of channels; divides the width; for group norm.

    Raises:
        InputError: an option that does not work, with one that does.
    """
    return resnet("resnet18", classes, width, 4, 2, norm, groups)
