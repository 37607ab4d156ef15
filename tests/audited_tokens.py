"""Runs on tokens: integers in the place of gradients, 0 for the truth, judged, audited and counted step by step."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.assignment import Assignment
from aspis_sim.detection.agreement import Agreement, agreement_graph
from aspis_sim.detection.certified import certify_values
from aspis_sim.simulation.server.memory import Auditor, Evidence, no_evidence

NOT_FINITE = -1
"""A token that equals nothing."""


class Step(NamedTuple):
    """What a step left: distorted files in the update, and workers excluded and convicted so far (bool ``[K]``)."""

    distorted: int
    excluded: NDArray[np.bool_]
    convicted: NDArray[np.bool_]


class Server:
    """What judges: it knows the assignment and q, remembers and audits."""

    def __init__(self, assignment: Assignment, q: int, auditor: Auditor) -> None:
        self.assignment, self.q, self.auditor = assignment, q, auditor
        self.files = jnp.asarray(assignment.files)
        self._judge, self._look, self._update = jax.jit(self._judged), jax.jit(self._looked), jax.jit(self._updated)
        self._verdicts: dict[bytes, Ruling] = {}

    def step(self, known: Evidence, number: int, tokens: NDArray[np.int64], key: jax.Array) -> tuple[Evidence, Step]:
        """Judge the copies of a step, int ``[f, r]``; the key is that of the run."""
        after, audited, shown = self._judge(known, number, tokens, key)
        ruling = self._ruled(np.asarray(shown))
        distorted = int(self._update(tokens, audited, ruling))
        return after, Step(distorted, ~np.asarray(ruling.honest), np.asarray(after.convicted))

    def _ruled(self, graph: NDArray[np.bool_]) -> Ruling:
        if (name := graph.tobytes()) not in self._verdicts:
            found = certify_values(graph, max_byzantine=self.q, assignment=self.assignment)
            given = (found.honest, found.average, found.unanimous, found.certified, 0, 0)
            self._verdicts[name] = Ruling(*map(jnp.asarray, given))
        return self._verdicts[name]

    def _agree(self, tokens: jax.Array) -> jax.Array:
        return (tokens[:, :, None] == tokens[:, None, :]) & (tokens != NOT_FINITE)[:, :, None]

    def _judged(
        self, known: Evidence, number: jax.Array, tokens: jax.Array, key: jax.Array
    ) -> tuple[Evidence, jax.Array, jax.Array]:
        known = self.auditor.recall(known, number)
        known, audited, graph = self._looked(known, tokens, jax.random.fold_in(key, number))
        return known.after(graph), audited, known.shown(graph)

    def _looked(self, known: Evidence, tokens: jax.Array, key: jax.Array) -> tuple[Evidence, jax.Array, jax.Array]:
        agree = self._agree(tokens)
        sound = lambda: jnp.ones(len(tokens), bool)  # noqa: E731
        agreement = Agreement(agree, lambda slot: sound(), refuted=lambda: tokens != 0, finite=sound)
        known, audited = self.auditor.audit(known, agreement, self.files, jnp.asarray(self.q), key)
        return known, audited, agreement_graph(agree, self.files, self.assignment.workers)

    def _updated(self, tokens: jax.Array, audited: jax.Array, ruling: Ruling) -> jax.Array:
        right = jnp.where(audited[:, None], 0, tokens)
        ballot = vote(self._agree(right), self.files, ruling, audited)
        return (ballot.kept & (jnp.take_along_axis(right, ballot.slot[:, None], 1)[:, 0] != 0)).sum()


def run(server: Server, lies: Callable[[int], NDArray[np.int64]], steps: int, seed: int) -> tuple[Evidence, list[Step]]:
    """A run in which ``lies(step)`` are the copies of each step."""
    known, key, done = no_evidence(server.assignment.workers), jax.random.key(seed), []
    for step in range(steps):
        known, one = server.step(known, step, lies(step), key)
        done.append(one)
    return known, done
