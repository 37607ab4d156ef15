"""The degree detector of Aspis+ over windows of iterations, with its memory as explicit state."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from aspis_sim.aggregation.vote import Ruling
from aspis_sim.detection import Outcome
from aspis_sim.simulation.server.verdicts import OUTCOMES

UNIQUE, PARTIAL, AMBIGUOUS = (OUTCOMES.index(one) for one in (Outcome.UNIQUE, Outcome.PARTIAL, Outcome.AMBIGUOUS))


class Memory(NamedTuple):
    """What is remembered within a window.

    Attributes:
        lost: bool ``[K, K]``, pairs that have disagreed in this window.
        since: int ``[K]``, the step at which a worker was flagged, -1 for one that is not.
    """

    lost: Array
    since: Array


def empty_memory(workers: int) -> Memory:
    """The memory at the start of a window."""
    return Memory(jnp.zeros((workers, workers), bool), jnp.full(workers, -1, jnp.int32))


def observe(
    memory: Memory, graph: Array, step: Array, window: int, q: Array, distortable: Array
) -> tuple[Memory, Ruling]:
    """Take in the agreement graph of a step and rule on it (Konstantinidis et al., 2023, detection of Aspis+).

    The paper counts a pair's agreements and drops its edge when they fall below λ a step, which is when it first
    disagrees. A worker with fewer than K - q - 1 edges is flagged until the window ends; of more than q flagged ones
    the q most recent stay flagged (of those flagged at once, the ones with most lost edges).

    Args:
        memory: after the step before.
        graph: bool ``[K, K]``, the agreement graph of this step.
        step: this step's number.
        window: T_d, steps in a window.
        q: most Byzantine workers.
        distortable: most files that the vote can lose, for the robust rule.
    """
    workers = len(graph)
    fresh = step % window == 0
    lost = jnp.where(fresh, False, memory.lost) | ~graph
    since = jnp.where(fresh, -1, memory.since)
    contradicted = lost.sum(1)
    since = jnp.where((contradicted > q) & (since < 0), step, since)
    recency = jnp.where(since >= 0, since * (workers + 1) + contradicted + 1, 0)
    index = jnp.arange(workers)
    ahead = (recency > recency[:, None]) | ((recency == recency[:, None]) & (index < index[:, None]))
    flagged = (since >= 0) & (ahead.sum(1) < q)
    since = jnp.where(flagged, since, -1)
    count = flagged.sum()
    outcome = jnp.where(count == q, UNIQUE, jnp.where(count > 0, PARTIAL, AMBIGUOUS)).astype(jnp.int8)
    ruling = Ruling(~flagged, count == q, jnp.asarray(False), None, outcome, jnp.asarray(distortable))
    return Memory(lost, since), ruling
