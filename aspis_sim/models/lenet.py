"""LeNet-5, a small convolutional network (LeCun, Bottou, Bengio and Haffner, 1998), as it is commonly built today."""

import flax.linen as nn
from jax import Array

from aspis_sim.errors import InputError
from aspis_sim.models.base import Model
from aspis_sim.models.images import check_images


class _LeNet(nn.Module):
    classes: int

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        check_images("lenet", inputs)
        sides = inputs.shape[1:3]
        if sides not in ((28, 28), (32, 32)):
            raise InputError(f"model lenet takes images of 28x28 or 32x32, not {sides[0]}x{sides[1]}; try resnet8")
        hidden = nn.Conv(6, (5, 5), padding="SAME" if sides == (28, 28) else "VALID")(inputs)
        hidden = _pooled(nn.relu(hidden))
        hidden = _pooled(nn.relu(nn.Conv(16, (5, 5), padding="VALID")(hidden)))
        hidden = nn.relu(nn.Dense(120)(hidden.reshape(len(hidden), -1)))
        hidden = nn.relu(nn.Dense(84)(hidden))
        return nn.Dense(self.classes)(hidden)


def _pooled(images: Array) -> Array:
    """The largest of every 2 x 2; as a maximum over axes, of which the derivative is quicker than that of a window."""
    samples, height, width, channels = images.shape
    return images.reshape(samples, height // 2, 2, width // 2, 2, channels).max((2, 4))


def lenet(classes: int) -> Model:
    """LeNet-5 on 28x28 or 32x32 images (61,706 parameters on MNIST, 62,006 on CIFAR-10).

    Other than the original it has rectified units in the place of tanh, max pooling in that of means with weights of
    their own, second convolutions that see all six channels in that of a table of some, and a dense layer with the
    softmax cross-entropy in that of radial basis functions.
    """
    return Model(_LeNet(classes))
