"""Label flipping: honest work on wrong labels."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload, Samples


def label_flip() -> Payload:
    """The gradient of the file with every label y turned into C - 1 - y (Allen-Zhu et al., ICLR 2021).

    The simulator computes it from the file's own samples, since it cannot be had from honest gradients; called on rows
    the payload returns the last.
    """

    def flipped(inputs: Array, labels: Array, data: Samples) -> tuple[Array, Array]:
        return inputs, data.classes - 1 - labels

    def lie(rows: Array, key: Array | None = None) -> Array:
        return rows[-1]

    return Payload(lie, scope="samples", poisons=flipped)
