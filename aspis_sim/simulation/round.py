"""One round: file gradients, the copies that are returned, their agreement, the votes, the update."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.payloads import Payload
from aspis_sim.aggregation import Rule
from aspis_sim.aggregation.vote import Ballot
from aspis_sim.assignment import Assignment
from aspis_sim.detection.agreement import Copies, Views, agreement_graph
from aspis_sim.detection.equality import Comparison
from aspis_sim.simulation.mesh import Axis


class Returned(NamedTuple):
    """What has reached the server in a round.

    Attributes:
        copies: the returned copies, each device holding its slice of the parameters.
        agree: bool ``[f, r, r]``, which copies of a file are equal.
        graph: bool ``[K, K]``, the agreement graph.
        loss: mean loss of the files' samples at the weights of the round.
    """

    copies: Views | Copies
    agree: Array
    graph: Array
    loss: Array


@dataclass(frozen=True)
class Round:
    """The fixed parts of every round of a run.

    Attributes:
        assignment: who computes which file.
        loss: ``loss(parameters, inputs, labels)`` of one file.
        unravel: from weights ``[d]`` to the model's parameters.
        parameters: d.
        compare: the equality of two gradients.
        axis: the devices.
        replicated: whether every worker computes each of its copies.
    """

    assignment: Assignment
    loss: Callable[[Any, Array, Array], Array]
    unravel: Callable[[Array], Any]
    parameters: int
    compare: Comparison
    axis: Axis
    replicated: bool = False

    def play(
        self,
        weights: Array,
        inputs: Array,
        labels: Array,
        batch: Array,
        distorts: Array,
        lie: Payload,
        key: Array,
    ) -> Returned:
        """Compute the gradients, let the Byzantine workers lie, and compare the copies.

        Args:
            weights: float ``[d]``.
            inputs: training inputs ``[samples, ...]``.
            labels: training labels ``[samples]``.
            batch: int ``[f, samples per file]``, the samples of each file.
            distorts: bool ``[f, r]``, which copies are distorted.
            lie: what a distorted copy holds.
            key: of the round's payload.
        """
        assignment = self.assignment
        files = jnp.asarray(assignment.files)
        if self.replicated:
            rows, loss = self._gradients(weights, inputs, labels, batch, assignment.worker_files.reshape(-1))
            position = self._copy_positions()
            values = rows[position]
            honest = values[:, 0]
            lies = self._lies(honest, lie, key)
            copies: Views | Copies = Copies(jnp.where(distorts[:, :, None], lies[:, None], values), honest)
        else:
            honest, loss = self._gradients(weights, inputs, labels, batch, jnp.arange(len(files)))
            copies = Views.of(honest, self._lies(honest, lie, key), distorts, self.compare)
        agree = copies.agreement(self.compare)
        return Returned(copies, agree, agreement_graph(agree, files, assignment.workers), loss)

    def update(self, returned: Returned, ballot: Ballot, rule: Rule, distortable: Array, drops: bool, averages: bool) -> Array:
        """The vector ``[d]`` that the optimizer is given for the files that won their votes.

        Args:
            returned: of this round.
            ballot: of this round.
            rule: the robust rule.
            distortable: the most distorted files that the rule may meet.
            drops: whether the robust rule may meet files that are not kept.
            averages: whether the files are averaged where the ballot says so (else the rule always decides).
        """
        copies = returned.copies

        def by_rule() -> Array:
            values = copies.chosen(ballot.slot)
            return self._by_rule(rule, values, ballot.kept if drops else None, distortable)

        if averages:
            update = jax.lax.cond(ballot.average, lambda: copies.mean(ballot.slot, ballot.kept), by_rule)
        else:
            update = by_rule()
        return self.axis.whole(update, self.parameters)

    def _gradients(
        self, weights: Array, inputs: Array, labels: Array, batch: Array, rows: Any
    ) -> tuple[Array, Array]:
        count = len(rows)
        here = self.axis.rows_here(count)
        padded = jnp.pad(jnp.asarray(rows), (0, here * self.axis.size - count))
        mine = jax.lax.dynamic_slice_in_dim(padded, self.axis.first_row(count), here)
        samples = batch[mine]
        losses, tree = jax.vmap(jax.value_and_grad(self.loss), (None, 0, 0))(
            self.unravel(weights), inputs[samples], labels[samples]
        )
        gradients = jnp.concatenate([leaf.reshape(here, -1) for leaf in jax.tree.leaves(tree)], axis=1)
        real = jnp.arange(here) + self.axis.first_row(count) < count
        loss = self.axis.total(jnp.sum(jnp.where(real, losses, 0))) / count
        return self.axis.to_columns(gradients, count), loss

    def _lies(self, honest: Array, lie: Payload, key: Array) -> Array:
        whole = honest if lie.coordinatewise else self.axis.whole(honest, self.parameters)
        if lie.scope == "round":
            lies = lie(whole, key)[None]
        else:
            lies = jax.vmap(lambda row, index: lie(row[None], jax.random.fold_in(key, index)))(
                whole, jnp.arange(len(whole))
            )
        lies = lies if lie.coordinatewise else self.axis.slice(lies)
        if self.axis.size == 1:
            return lies
        return jnp.where(self.axis.slice(jnp.ones(self.parameters, bool)), lies, 0)

    def _by_rule(self, rule: Rule, values: Array, kept: Array | None, distortable: Array) -> Array:
        def apply(rows: Array) -> Array:
            return rule(rows, kept) if rule.bounded is None else rule.bounded(rows, kept, distortable)

        if rule.coordinatewise or self.axis.size == 1:
            return apply(values)
        return self.axis.slice(apply(self.axis.whole(values, self.parameters)))

    def _copy_positions(self) -> Array:
        """Row of each copy ``[f, r]`` among the rows of all workers, worker by worker."""
        assignment = self.assignment
        order = jnp.argsort(jnp.asarray(assignment.files).reshape(-1), stable=True)
        position = jnp.zeros(order.size, int).at[order].set(jnp.arange(order.size))
        return position.reshape(assignment.files.shape)
