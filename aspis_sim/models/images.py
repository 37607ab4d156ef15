"""What models of images ask of their inputs."""

from jax import Array

from aspis_sim.errors import InputError


def check_images(model: str, inputs: Array) -> None:
    """Refuse inputs that are not ``[samples, height, width, channels]``.

    Raises:
        InputError: names a model and data sets that work.
    """
    if inputs.ndim != 4:
        raise InputError(
            f"model {model} takes images [height, width, channels], and a sample here is {list(inputs.shape[1:])}; "
            "take `model=mlp`, or a data set of images (mnist, cifar10, synthetic:height=32:width=32:channels=3)"
        )
