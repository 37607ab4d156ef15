"""A rule of one's own: rows that are longer than usual are shortened, then all are averaged."""

import jax.numpy as jnp

from aspis_sim import plugin


@plugin.rule("median-length")
def median_length(factor: float = 1.0):
    """The mean of the rows, each shortened to at most ``factor`` times their median length.

    Args:
        factor: more than 0.
    """

    def aggregate(rows):
        lengths = jnp.linalg.norm(rows, axis=1)
        most = factor * jnp.median(lengths)
        shorter = jnp.where(lengths > most, most / lengths, 1)
        return (shorter[:, None] * rows).mean(0)

    return aggregate


plugin.scheme("shortened", assignment="repetition", rule="median-length", summary="groups vote, then long rows shrink")
