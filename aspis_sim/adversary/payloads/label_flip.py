"""Label flipping: honest work on wrong labels."""

from jax import Array

from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation.average import mean_over_rows


def label_flip() -> Payload:
    """The gradient of the file with every label y turned into C - 1 - y (Allen-Zhu et al., ICLR 2021).

    The simulator computes it from the file's own samples, since it cannot be had from honest gradients; called on rows
    the payload returns their mean, as if no label were flipped.
    """

    def lie(rows: Array, key: Array | None = None) -> Array:
        return mean_over_rows(rows)

    return Payload(lie, scope="labels")
