"""What an adversary that knows the detector can tell beforehand: which files' values its lies will be."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads import Reach
from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.detection.agreement import agreement_graph, erased, is_lie


class Foreseen(NamedTuple):
    """What was foreseen of a round.

    Attributes:
        known: bool, whether there is a ruling on the graph yet; without one the rest means nothing.
        graph: bool ``[K, K]``, the agreement graph to come.
        reach: what will become of the lies.
    """

    known: Array
    graph: Array
    reach: Reach


def foresee(
    distorts: Array,
    files: Array,
    workers: int,
    judge: Callable[[Array], tuple[Array, Ruling]],
    drops: bool,
    averages: bool,
    silent: Array | None = None,
) -> Foreseen:
    """Foresee a round whose lies are finite and differ from the honest gradients by more than the tolerance.

    Args:
        distorts: bool ``[f, r]``, which copies are distorted.
        files: int ``[f, r]``, the workers of each file.
        workers: K.
        judge: from the agreement graph to whether there is a ruling on it yet, and the ruling.
        drops: whether the robust rule may meet files that are not kept.
        averages: whether the files are averaged where the ballot says so (else the rule always decides).
        silent: bool ``[K]``, workers of whom nothing will arrive; None for none.
    """
    agree = distorts[:, :, None] == distorts[:, None, :]
    graph = agreement_graph(agree, files, workers, silent)
    if silent is not None:
        agree &= ~erased(silent, files)
    known, ruling = judge(graph)
    ballot = vote(agree, files, ruling, silent=silent)
    reach = Reach(
        lies=is_lie(distorts, ballot.slot),
        kept=ballot.kept if drops else None,
        averaged=ballot.kept & ballot.average if averages else None,
        distortable=ruling.distortable,
        finite=jnp.asarray(distorts.shape[1] > 1),
    )
    return Foreseen(known, graph, reach)
