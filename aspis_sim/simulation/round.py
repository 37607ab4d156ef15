"""One round: file gradients, the copies that are returned, their agreement, the votes, the update.

The gradients of all files are a matrix ``files x parameters`` of which only what is asked for is formed. Where the
copies agree is usually settled on one tile of it: a difference there is a difference. Where the update is the mean of
honest files, it is one product a layer. Only a robust rule sees every tile, each formed, falsified and aggregated
before the next, so that the matrix need not exist; a rule or payload that does not work by coordinate takes it whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads import Payload
from aspis_sim.adversary.payloads.base import Samples
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
    is_lie,
)
from aspis_sim.detection.equality import Compared, Comparison
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.clipping import clip_each
from aspis_sim.gradients.layout import Layout
from aspis_sim.gradients.local_steps import LocalSteps
from aspis_sim.gradients.mixing import mixed
from aspis_sim.gradients.momentum import History, accumulate, shapes
from aspis_sim.gradients.source import Gradients, Poison, Source
from aspis_sim.models.base import in_float32
from aspis_sim.simulation.exchange import Batch, Returned, made_once
from aspis_sim.simulation.lies import lies_of
from aspis_sim.simulation.server.clipping import clip_returned


@dataclass(frozen=True)
class Round:
    """The fixed parts of every round of a run.

    Attributes:
        assignment: who returns which row: a copy of a file, or a mixture of files of its own.
        source: where gradients come from, or the changes of files that take several local steps.
        unravel: from weights ``[d]`` to the model's parameters.
        data: what a payload knows of the data set whose samples it poisons.
        compare: the equality of two gradients.
        rule: the robust rule.
        replicated: whether every worker computes each of its copies.
        needs_matrix: whether all gradients must exist at once, whatever the rule and the payload are.
        clip: norm to which honest workers clip the gradient of each file, None to leave it.
        clip_returned: norm to which the server clips every copy, lies too, before it compares them; None not to.
        momentum: beta of the momentum that honest workers return, 0 for the gradient itself.
        mixes: who computes which file, where each worker returns the mean of its files' gradients; None where rows are
            files.
    """

    assignment: Assignment
    source: Source | LocalSteps
    unravel: Callable[[Array], Any]
    data: Samples
    compare: Comparison
    rule: Rule
    replicated: bool = False
    needs_matrix: bool = False
    clip: float | None = None
    clip_returned: float | None = None
    momentum: float = 0.0
    mixes: Assignment | None = None

    def play(
        self, batch: Batch, files: Array, distorts: Array, lie: Payload, key: Array, statistics_worker: Array
    ) -> Returned:
        """Compute the gradients, let the Byzantine workers lie, and compare the copies.

        Args:
            batch: weights and samples.
            files: int ``[f, r]``, the workers of each file; those of the assignment unless workers change places.
            distorts: bool ``[f, r]``, which copies are distorted.
            lie: what a distorted copy holds.
            key: of the round's payload.
            statistics_worker: the worker whose running statistics are kept.
        """
        tile: Callable[[int, Array | int], Views | Copies]
        if self.replicated:
            history, honest, tile, agreement = self._computed_by_all(batch, distorts, lie, key)
        else:
            history, honest, tile, agreement = self._computed_once(batch, distorts, lie, key)
        graph = agreement_graph(agreement.agree, files, self.assignment.workers)
        statistics = honest.statistics(self._rows_of(statistics_worker, files))
        return Returned(tile, honest, distorts, agreement, graph, history, statistics)

    def update(self, returned: Returned, ballot: Ballot, distortable: Array, drops: bool, averages: bool) -> Array:
        """The vector ``[d]`` that the optimizer is given for the files that won their votes.

        Args:
            returned: of this round.
            ballot: of this round.
            distortable: the most distorted files that the rule may meet.
            drops: whether the robust rule may meet files that are not kept.
            averages: whether the files are averaged where the ballot says so (else the rule always decides).
        """
        kept = ballot.kept if drops else None
        honest = returned.honest
        dtype = honest.bounds.dtype

        def of_tile(band: int, tile: Array | int) -> Array:
            copies = returned.copies(band, tile)
            by_rule = lambda: self._by_rule(copies.chosen(ballot.slot), kept, distortable).astype(dtype)  # noqa: E731
            if not averages:
                return by_rule()
            return lax.cond(ballot.average, lambda: copies.mean(ballot.slot, ballot.kept).astype(dtype), by_rule)

        by_tiles = lambda: self._by_tile(honest, of_tile).astype(dtype)  # noqa: E731
        if not averages or self.replicated:
            return by_tiles()
        chosen = ballot.kept.astype(dtype)
        lying = (ballot.kept & is_lie(returned.distorts, ballot.slot)).any()
        plain = ballot.average & ~lying & jnp.isfinite(honest.bounds).all()
        by_layers = lambda: honest.weighted(chosen).astype(dtype) / jnp.maximum(ballot.kept.sum(), 1)  # noqa: E731
        return lax.cond(plain, by_layers, by_tiles)

    def _computed_by_all(
        self, batch: Batch, distorts: Array, lie: Payload, key: Array
    ) -> tuple[History, Gradients, Callable[[int, Array | int], Copies], Agreement]:
        """Every worker computes each of its copies: the copies exist and are compared in pairs."""
        history, gradients = self.honest(batch, True)
        values = gradients.form(0, 0)[self.copy_positions()]
        honest = replace(gradients, form=lambda band, tile: values[:, 0])
        lies = self._lies(batch, honest, lie, key)(values[:, 0], 0, 0)
        told = Views(values.reshape(-1, values.shape[-1]), lies, distorts)
        clipped = clip_returned(gradients, lambda band, tile: told, self.source.axis, self.clip_returned)[1](0, 0)
        values, lies = clipped.honest.reshape(values.shape), clipped.lies
        honest = replace(gradients, form=lambda band, tile: values[:, 0])
        copies = Copies(jnp.where(distorts[:, :, None], lies[:, None], values), values[:, 0])
        return history, honest, lambda band, tile: copies, agreement_of_copies(distorts, copies, self.compare)

    def _computed_once(
        self, batch: Batch, distorts: Array, lie: Payload, key: Array
    ) -> tuple[History, Gradients, Callable[[int, Array | int], Views], Agreement]:
        """Every file's gradient is computed once: copies are views of it or of the lie."""
        whole = self._needs_all(lie)
        history, computed = self.honest(batch, whole)
        lies_of = self._lies(batch, computed, lie, key)

        def told(band: int, index: Array | int) -> Views:
            rows = computed.form(band, index)
            return Views(rows, lies_of(rows, band, index), distorts)

        honest, formed = clip_returned(computed, told, self.source.axis, self.clip_returned)

        if not whole:
            formed = made_once(formed, honest.layout)
            compared = self._compared(honest, formed, distorts, lie)
            return history, honest, formed, agreement_of_views(distorts, compared)
        only = formed(0, 0)
        compared = self._compared(honest, lambda band, index: only, distorts, lie)
        return history, honest, lambda band, index: only, agreement_of_views(distorts, compared)

    def blank(self, batch: Batch, lie: Payload) -> list[tuple[int, int]]:
        """The shapes of the workers' history; arguments as those of `play`, of which only shapes matter."""
        if not self.momentum:
            return []
        alone = replace(self, source=replace(self.source, axis=Axis()))
        found: list[Layout] = []

        def look(batch: Batch) -> Array:
            found.append(alone.gradients(batch, self._rows, self._needs_all(lie)).layout)
            return batch.weights

        jax.eval_shape(look, batch)
        rows = len(self._rows) if self.mixes is None else self.mixes.workers
        return shapes(found[0], rows, self.source.axis)

    def _needs_all(self, lie: Payload) -> bool:
        """Whether all gradients must exist at once."""
        return self.needs_matrix or self.replicated or not (lie.coordinatewise and self.rule.coordinatewise)

    @property
    def _rows(self) -> Array:
        """The file of each gradient that is computed."""
        if self.replicated:
            return jnp.asarray(self.assignment.worker_files.reshape(-1))
        return jnp.arange(len((self.mixes or self.assignment).files))

    def honest(self, batch: Batch, whole: bool) -> tuple[History, Gradients]:
        """What honest workers return, and the history that it leaves."""
        gradients = self.gradients(batch, self._rows, whole)
        if not self.momentum:
            return (), gradients
        return accumulate(batch.history, gradients, self.momentum, self.source.axis)

    def gradients(self, batch: Batch, rows: Array, whole: bool, poison: Poison | None = None) -> Gradients:
        """The gradients of files, or what each worker mixes of them, clipped as honest workers do."""
        if self.mixes is None:
            gradients = self._of_files(batch, rows, whole, poison)
        else:
            gradients = mixed(self._of_files(batch, rows, False, poison), self.mixes, self.source.axis, whole)
        return gradients if self.clip is None else clip_each(gradients, self.clip)

    def _of_files(self, batch: Batch, rows: Array, whole: bool, poison: Poison | None) -> Gradients:
        given = (batch.inputs, batch.labels, rows, batch.files, whole, batch.key, poison)
        if not isinstance(self.source, LocalSteps):
            return self.source.gradients({**self.unravel(batch.weights), **batch.statistics}, *given)
        assert batch.rate is not None
        return self.source.changes(batch.weights, batch.rate, *given)

    def own_gradient(self, batch: Batch) -> Array:
        """The mean gradient ``[d]`` of the batch's files, as the server computes it itself, unclipped."""
        files = len(batch.files)
        made = replace(self, clip=None, mixes=None).gradients(batch, jnp.arange(files), False)
        return made.weighted(jnp.full(files, 1 / files, made.bounds.dtype))

    def _by_tile(self, honest: Gradients, made: Callable[[int, Array | int], Array]) -> Array:
        """``[d]`` from what every tile's columns become."""
        bands = []
        for number, band in enumerate(honest.layout.bands):
            one = lambda tile, number=number, band=band: self.source.axis.gather(made(number, tile), band.width)  # noqa: E731
            columns = one(0) if band.tiles == 1 else lax.map(one, jnp.arange(band.tiles)).reshape(-1)
            bands.append(columns[: band.columns])
        return honest.layout.join(bands)

    def _compared(
        self,
        honest: Gradients,
        tile: Callable[[int, Array | int], Views],
        distorts: Array,
        lie: Payload,
    ) -> Compared:
        """Compare every file's honest gradient with its lie; files without a distorted copy get any answer."""

        def over_tiles(band: int, measure: Callable[[Array, Array], Any], join: Callable[[Array, Array], Array]) -> Any:
            first = measure(*tile(band, 0)[:2])
            rest = jnp.arange(1, honest.layout.bands[band].tiles)
            joined = lambda done, index: (jax.tree.map(join, done, measure(*tile(band, index)[:2])), None)  # noqa: E731
            return lax.scan(joined, first, rest)[0] if len(rest) else first

        def fold(measure: Callable[[Array, Array], Any], join: Callable[[Array, Array], Array]) -> Any:
            bands = [over_tiles(band, measure, join) for band in range(len(honest.layout.bands))]
            return reduce(partial(jax.tree.map, join), bands)

        whole = lambda: self.compare.slices(fold)  # noqa: E731
        if self.clip_returned or lie.largest is None or lie.poisons is not None or len(honest.layout.bands) == 1:
            return whole()
        probe = tile(honest.layout.probe, 0)
        apart = self.compare.apart(probe.honest, probe.lies, honest.bounds)
        limit, largest = jnp.finfo(honest.bounds.dtype).max / 4, jnp.max(honest.bounds)
        finite = (largest < limit) & (lie.largest(largest) < limit)
        settled = finite & jnp.all(apart | ~distorts.any(1))
        unequal = jnp.zeros(len(distorts), bool)
        sure = Compared(unequal, ~unequal, jnp.ones(len(probe.lies), bool), unequal)
        return lax.cond(settled, lambda: sure, whole)

    def _lies(
        self, batch: Batch, honest: Gradients, lie: Payload, key: Array
    ) -> Callable[[Array, int, Array | int], Array]:
        """The lies of a tile, from its honest rows, its band and its index."""
        poisons, poisoned = lie.poisons, None
        if poisons is not None:
            poison = jax.vmap(lambda inputs, labels: poisons(inputs, labels, self.data))
            poisoned = self.gradients(batch, jnp.arange(len(batch.files)), honest.layout.one_tile, poison).form
        return lies_of(lie, honest.layout, self.source.axis, key, batch.weights.dtype, poisoned)

    def _by_rule(self, values: Array, kept: Array | None, distortable: Array) -> Array:
        rule, axis = self.rule, self.source.axis
        values = values if rule.exact else in_float32(values)

        def apply(rows: Array) -> Array:
            return rule(rows, kept) if rule.bounded is None else rule.bounded(rows, kept, distortable)

        if rule.coordinatewise or axis.size == 1:
            return apply(values)
        return axis.slice(apply(axis.gather(values, self.source.parameters)))

    def _rows_of(self, worker: Array, files: Array) -> Array:
        """Bool, which of the gradients that are computed are the worker's own."""
        if self.replicated:
            return jnp.repeat(jnp.arange(self.assignment.workers), self.assignment.load) == worker
        return (files == worker).any(1)

    def copy_positions(self) -> Array:
        """Row of each copy ``[f, r]`` among the rows of all workers, worker by worker."""
        order = jnp.argsort(jnp.asarray(self.assignment.files).reshape(-1), stable=True)
        position = jnp.zeros(order.size, int).at[order].set(jnp.arange(order.size))
        return position.reshape(self.assignment.files.shape)
