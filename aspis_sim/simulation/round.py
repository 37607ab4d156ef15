"""One round: file gradients, the copies that are returned, their agreement, the votes, the update.

The gradients of all files are a matrix ``files x parameters``. Where that is too large for the memory allowed, it is
never formed: its columns are computed in tiles, each from the gradients of a few files at a time, once for the
comparison of the copies and once more for the update. A tile does to the parameters what a device of the mesh does.
"""

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
from aspis_sim.detection.agreement import (
    Agreement,
    Copies,
    Views,
    agreement_graph,
    agreement_of_copies,
    agreement_of_views,
)
from aspis_sim.detection.equality import Comparison
from aspis_sim.simulation.mesh import Axis


class Batch(NamedTuple):
    """What a round's gradients are computed from.

    Attributes:
        weights: float ``[d]``.
        inputs: training inputs ``[samples, ...]``.
        labels: training labels ``[samples]``.
        files: int ``[f, samples per file]``, the samples of each file.
    """

    weights: Array
    inputs: Array
    labels: Array
    files: Array


class Returned(NamedTuple):
    """What has reached the server in a round.

    Attributes:
        tile: from the index of a tile to its copies; each device holds its slice of the tile's parameters.
        agreement: of the copies.
        graph: bool ``[K, K]``, the agreement graph.
        loss: mean loss of the files' samples at the weights of the round.
    """

    tile: Callable[[Array | int], Views | Copies]
    agreement: Agreement
    graph: Array
    loss: Array


class Settled(NamedTuple):
    """What the server has made of a round.

    Attributes:
        update: float ``[d]``, what the optimizer is given.
        honest: bool ``[K]``, workers that are not excluded.
        kept: bool ``[f]``, files that entered the update.
        distorted: bool ``[f]``, files that entered it with another value than their honest gradient.
        outcome: of the detector, an index into the members of `aspis_sim.detection.Outcome`.
    """

    update: Array
    honest: Array
    kept: Array
    distorted: Array
    outcome: Array


@dataclass(frozen=True)
class Round:
    """The fixed parts of every round of a run.

    Attributes:
        assignment: who computes which file.
        loss: ``loss(parameters, inputs, labels)`` of one file.
        unravel: from weights ``[d]`` to the model's parameters.
        parameters: d.
        classes: number of classes, for labels that are flipped.
        compare: the equality of two gradients.
        axis: the devices.
        replicated: whether every worker computes each of its copies.
        tiles: parts into which the parameters are cut, 1 to have the whole matrix at once.
    """

    assignment: Assignment
    loss: Callable[[Any, Array, Array], Array]
    unravel: Callable[[Array], Any]
    parameters: int
    classes: int
    compare: Comparison
    axis: Axis
    replicated: bool = False
    tiles: int = 1

    @property
    def width(self) -> int:
        """Parameters in a tile; the last tile is filled up with zeros."""
        return -(-self.parameters // self.tiles)

    def play(self, batch: Batch, files: Array, distorts: Array, lie: Payload, key: Array) -> Returned:
        """Compute the gradients, let the Byzantine workers lie, and compare the copies.

        Args:
            batch: weights and samples.
            files: int ``[f, r]``, the workers of each file; those of the assignment unless workers change places.
            distorts: bool ``[f, r]``, which copies are distorted.
            lie: what a distorted copy holds.
            key: of the round's payload.
        """
        if self.replicated:
            rows, loss = self._gradients(batch, jnp.asarray(self.assignment.worker_files.reshape(-1)))
            values = self.axis.to_columns(rows, self.assignment.files.size)[self._copy_positions()]
            lies = self._lies(batch, values[:, 0], lie, key, 0)
            copies = Copies(jnp.where(distorts[:, :, None], lies[:, None], values), values[:, 0])
            agreement = agreement_of_copies(copies, self.compare)
            tile: Callable[[Array | int], Views | Copies] = lambda index: copies  # noqa: E731
        elif self.tiles == 1:
            rows, loss = self._gradients(batch, jnp.arange(len(files)))
            honest = self.axis.to_columns(rows, len(files))
            views = Views(honest, self._lies(batch, honest, lie, key, 0), distorts)
            agreement = agreement_of_views(distorts, self.compare.rows(views.honest, views.lies))
            tile = lambda index: views  # noqa: E731
        else:

            def tile(index: Array | int) -> Views:
                honest, _ = self._tile_of_gradients(batch, index)
                return Views(honest, self._lies(batch, honest, lie, key, index), distorts)

            def fold(measure: Callable[[Array, Array], Any], join: Callable[[Array, Array], Array]) -> Any:
                first = measure(*tile(0)[:2])
                joined = lambda so_far, index: (jax.tree.map(join, so_far, measure(*tile(index)[:2])), None)  # noqa: E731
                return jax.lax.scan(joined, first, jnp.arange(1, self.tiles))[0]

            agreement = agreement_of_views(distorts, self.compare.slices(fold))
            _, loss = self._tile_of_gradients(batch, 0)
        graph = agreement_graph(agreement.agree, files, self.assignment.workers)
        return Returned(tile, agreement, graph, loss)

    def update(
        self, returned: Returned, ballot: Ballot, rule: Rule, distortable: Array, drops: bool, averages: bool
    ) -> Array:
        """The vector ``[d]`` that the optimizer is given for the files that won their votes.

        Args:
            returned: of this round.
            ballot: of this round.
            rule: the robust rule, which must be coordinate-wise if there are tiles.
            distortable: the most distorted files that the rule may meet.
            drops: whether the robust rule may meet files that are not kept.
            averages: whether the files are averaged where the ballot says so (else the rule always decides).
        """
        kept = ballot.kept if drops else None

        def part(index: Array | int) -> Array:
            copies = returned.tile(index)
            by_rule = lambda: self._by_rule(rule, copies.chosen(ballot.slot), kept, distortable)  # noqa: E731
            if not averages:
                return self.axis.whole(by_rule(), self.width)
            mean = lambda: copies.mean(ballot.slot, ballot.kept)  # noqa: E731
            return self.axis.whole(jax.lax.cond(ballot.average, mean, by_rule), self.width)

        if self.tiles == 1:
            return part(0)
        return jax.lax.map(part, jnp.arange(self.tiles)).reshape(-1)[: self.parameters]

    def _gradients(self, batch: Batch, rows: Array) -> tuple[Array, Array]:
        """Gradients ``[rows / devices, d]`` of this device's share of the files ``rows``, and their mean loss."""
        count = len(rows)
        here = self.axis.rows_here(count)
        first = self.axis.first_row(count)
        padded = jnp.pad(rows, (0, here * self.axis.size - count))
        losses, gradients = self._of_files(batch, jax.lax.dynamic_slice_in_dim(padded, first, here))
        real = jnp.arange(here) + first < count
        return gradients, self.axis.total(jnp.sum(jnp.where(real, losses, 0))) / count

    def _of_files(self, batch: Batch, files: Array) -> tuple[Array, Array]:
        samples = batch.files[files]
        losses, tree = jax.vmap(jax.value_and_grad(self.loss), (None, 0, 0))(
            self.unravel(batch.weights), batch.inputs[samples], batch.labels[samples]
        )
        leaves = [leaf.reshape(len(files), -1) for leaf in jax.tree.leaves(tree)]
        return losses, jnp.concatenate(leaves, axis=1)

    def _tile_of_gradients(self, batch: Batch, index: Array | int) -> tuple[Array, Array]:
        """This device's columns ``[f, width / devices]`` of a tile, and the mean loss, a few files at a time."""
        files = len(self.assignment.files)
        here = self.axis.rows_here(files)
        chunk = -(-here // self.tiles)
        chunks = -(-here // chunk)
        first = self.axis.first_row(files)
        rows = first + jnp.arange(chunks * chunk)
        real = (jnp.arange(chunks * chunk) < here) & (rows < files)

        def of_chunk(rows: Array) -> tuple[Array, Array]:
            losses, gradients = self._of_files(batch, jnp.minimum(rows, files - 1))
            missing = self.width * self.tiles - self.parameters
            filled = jnp.pad(gradients, ((0, 0), (0, missing)))
            return losses, jax.lax.dynamic_slice_in_dim(filled, index * self.width, self.width, axis=1)

        losses, part = jax.lax.map(of_chunk, rows.reshape(chunks, chunk))
        loss = self.axis.total(jnp.sum(jnp.where(real, losses.reshape(-1), 0))) / files
        return self.axis.to_columns(part.reshape(-1, self.width)[:here], files), loss

    def _lies(self, batch: Batch, honest: Array, lie: Payload, key: Array, tile: Array | int) -> Array:
        if lie.scope == "labels":
            flipped = batch._replace(labels=self.classes - 1 - batch.labels)
            if self.tiles > 1:
                return self._tile_of_gradients(flipped, tile)[0]
            files = len(self.assignment.files)
            return self.axis.to_columns(self._gradients(flipped, jnp.arange(files))[0], files)
        whole = honest if lie.coordinatewise else self.axis.whole(honest, self.parameters)
        if lie.scope == "round":
            lies = lie(whole, key)[None]
        else:
            one_file = lambda row, index: lie(row[None], jax.random.fold_in(key, index))  # noqa: E731
            lies = jax.vmap(one_file)(whole, jnp.arange(len(whole)))
        lies = lies if lie.coordinatewise else self.axis.slice(lies)
        if self.axis.size == 1 and self.tiles == 1:
            return lies
        real = tile * self.width + jnp.arange(self.width) < self.parameters
        return jnp.where(self.axis.slice(real), lies, 0)

    def _by_rule(self, rule: Rule, values: Array, kept: Array | None, distortable: Array) -> Array:
        def apply(rows: Array) -> Array:
            return rule(rows, kept) if rule.bounded is None else rule.bounded(rows, kept, distortable)

        if rule.coordinatewise or self.axis.size == 1:
            return apply(values)
        return self.axis.slice(apply(self.axis.whole(values, self.parameters)))

    def _copy_positions(self) -> Array:
        """Row of each copy ``[f, r]`` among the rows of all workers, worker by worker."""
        order = jnp.argsort(jnp.asarray(self.assignment.files).reshape(-1), stable=True)
        position = jnp.zeros(order.size, int).at[order].set(jnp.arange(order.size))
        return position.reshape(self.assignment.files.shape)
