"""A step of a run, from one state to the next: who lies, what reaches the server, and what it makes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from aspis_sim import adversary, aggregation
from aspis_sim.adversary.payloads import Payload
from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.assignment import Assignment
from aspis_sim.augmentations import augmentation
from aspis_sim.coding import CyclicCode, cyclic_code
from aspis_sim.detection.agreement import Views
from aspis_sim.detection.equality import Comparison
from aspis_sim.devices.mesh import Axis
from aspis_sim.gradients.clipping import clip_one
from aspis_sim.gradients.network import Network
from aspis_sim.gradients.source import Source
from aspis_sim.schedules import schedule
from aspis_sim.schedules.base import Schedule
from aspis_sim.simulation.coded import recover
from aspis_sim.simulation.degree_window import Memory, watch
from aspis_sim.simulation.round import Batch, Returned, Round, Settled
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Numbers, State, Trace
from aspis_sim.simulation.verdicts import Table, everyone, look_up
from aspis_sim.streams import stream

CODE = 1
"""Number folded into a round's key for what the decoder draws and the adversary does not know."""


class Cast(NamedTuple):
    """Who does what in a step.

    Attributes:
        byzantine: bool ``[K]``.
        files: int ``[f, r]``, the workers of each file.
        distorts: bool ``[f, r]``, which copies are distorted.
    """

    byzantine: Array
    files: Array
    distorts: Array


@dataclass(frozen=True)
class Step:
    """The fixed parts of every step of a run.

    Attributes:
        shape: of the run.
        assignment: of files to workers.
        network: the model on its data.
        round: what happens up to the update.
        schedule: from a step to the factor of the learning rate.
        code: of the workers' mixtures, None without one.
    """

    shape: RunShape
    assignment: Assignment
    network: Network
    round: Round
    schedule: Schedule
    code: CyclicCode | None

    def __call__(
        self, state: State, numbers: Numbers, order: Array, table: Table | None, inputs: Array, labels: Array
    ) -> State:
        """The state after the step, or stuck before it where its graph is not in the table."""
        key = jax.random.fold_in(stream(numbers.key, "payload"), state.step)
        cast = self._cast(state, numbers)
        keeper = jnp.argmin(cast.byzantine)
        batch = self._batch(state, numbers, order, inputs, labels)
        returned = self.round.play(batch, cast.files, cast.distorts, self._lie(numbers), key, keeper)
        known, memory, ruling = self._judged(state, numbers, table, returned)

        def go_on() -> State:
            settled = self._settled(returned, cast.files, ruling, jax.random.fold_in(key, CODE))
            return self._moved(state, numbers, cast, returned, settled, memory)

        if table is None:
            return go_on()
        return jax.lax.cond(known, go_on, lambda: state._replace(stuck=jnp.asarray(True), graph=returned.graph))

    def _cast(self, state: State, numbers: Numbers) -> Cast:
        shape, points = self.shape, jnp.asarray(self.assignment.files)
        window = state.step // shape.adversary_window if shape.adversary_window else 0
        byzantine = jnp.asarray(numbers.byzantine)[window]
        if not shape.permute:
            return Cast(byzantine, points, jnp.asarray(numbers.distorts)[window])
        places = jax.random.fold_in(stream(numbers.key, "permutation"), state.step)
        files = jax.random.permutation(places, shape.workers)[points]
        return Cast(byzantine, files, self._by_targeting(byzantine[files]))

    def _by_targeting(self, held: Array) -> Array:
        if self.shape.targeting == "none":
            return jnp.zeros_like(held)
        if self.shape.targeting == "weak":
            return held
        return held & (held.sum(1, keepdims=True) >= self.assignment.majority)

    def _batch(self, state: State, numbers: Numbers, order: Array, inputs: Array, labels: Array) -> Batch:
        row = order[0 if self.network.example.whole else state.step]
        samples = row.reshape(len(self.assignment.files), self.shape.samples_per_file)
        drawn = None
        if self.round.source.augment is not None:
            drawn = jax.random.fold_in(stream(numbers.key, "augmentation"), state.step)
        return Batch(state.weights, state.history, state.statistics, inputs, labels, samples, drawn)

    def blank(
        self, state: State, numbers: Numbers, order: Array, inputs: Array, labels: Array
    ) -> list[tuple[int, int]]:
        """The shapes of the workers' history in a run of which these are the first arguments."""
        batch = jax.eval_shape(self._batch, state, numbers, order, inputs, labels)
        return self.round.blank(batch, self._lie(numbers))

    def _lie(self, numbers: Numbers) -> Payload:
        shape = self.shape
        strength = {"strength": numbers.strength} if shape.strong_payload else {}
        parameters: dict[str, Any] = dict(shape.payload_parameters)
        return adversary.payload(shape.payload, convention=shape.convention, **parameters, **strength)

    def _judged(
        self, state: State, numbers: Numbers, table: Table | None, returned: Returned
    ) -> tuple[Array, Memory | None, Ruling]:
        """Whether there is a ruling on this round's graph yet, what the detector remembers of it, and the ruling."""
        if table is not None:
            known, ruling = look_up(table, returned.graph)
            return known, state.memory, ruling
        if state.memory is None:
            return jnp.asarray(True), None, everyone(self.shape.workers, numbers.distortable)
        budget, limit = jnp.asarray(numbers.q), jnp.asarray(numbers.distortable)
        memory, ruling = watch(state.memory, returned.graph, state.step, self.shape.detection_window, budget, limit)
        return jnp.asarray(True), memory, ruling

    def _settled(self, returned: Returned, files: Array, ruling: Ruling, key: Array) -> Settled:
        shape = self.shape
        if self.code is not None:
            copies = returned.copies(0, 0)
            assert isinstance(copies, Views)
            return recover(self.code, copies, key, self.round.source.axis, self.network.parameters)
        averages = (shape.detects or shape.detection_window > 0) and shape.after_detection == "average"
        ballot = vote(returned.agreement.agree, files, ruling)
        update = self.round.update(returned, ballot, ruling.distortable, shape.drops, averages)
        distorted = returned.agreement.differs(ballot.slot) & ballot.kept
        return Settled(update, ruling.honest, ballot.kept, distorted, ruling.outcome)

    def _moved(
        self,
        state: State,
        numbers: Numbers,
        cast: Cast,
        returned: Returned,
        settled: Settled,
        memory: Memory | None,
    ) -> State:
        """The state after the update, with the step's row in the trace."""
        update = settled.update.astype(state.weights.dtype)
        if self.shape.clip_server is not None:
            update = clip_one(update, self.shape.clip_server)
        rate = numbers.rate * self.schedule(state.step)
        change, optimizer = optax.sgd(rate, momentum=self.shape.momentum).update(update, state.optimizer)
        example = self.network.example
        a_sample = len(cast.files) / len(example.labels["train"]) if self.network.model.sums else 1
        row = Trace(
            loss=returned.honest.loss * a_sample,
            distorted=settled.distorted.sum(),
            lost=(~settled.kept).sum(),
            excluded_byzantine=(cast.byzantine & ~settled.honest).sum(),
            excluded_honest=(~cast.byzantine & ~settled.honest).sum(),
            outcome=settled.outcome,
        )
        pairs = zip(state.trace, row, strict=True)
        trace = Trace(*(past.at[state.step].set(now.astype(past.dtype)) for past, now in pairs))
        weights = state.weights + change
        statistics = jax.tree.map(lambda past, now: now.astype(past.dtype), state.statistics, returned.statistics)
        return State(
            weights=weights,
            optimizer=optimizer,
            step=state.step + 1,
            stuck=state.stuck,
            graph=returned.graph,
            memory=memory,
            trace=trace,
            statistics=statistics,
            history=returned.history,
        )


def step_of(shape: RunShape, assignment: Assignment, network: Network) -> Step:
    """The step of a run of this shape."""
    axis = Axis(shape.devices)
    code = cyclic_code(shape.workers, shape.redundancy) if shape.coding == "cyclic" else None
    of_rule: dict[str, Any] = dict(shape.rule_parameters)
    of_schedule: dict[str, Any] = dict(shape.schedule_parameters)
    of_augmentation: dict[str, Any] = dict(shape.augment_parameters)
    augment = None if shape.augment == "none" else augmentation(shape.augment, **of_augmentation)
    layers = network.layers(shape.samples_per_file)
    one_round = Round(
        assignment=assignment,
        source=Source(layers, axis, shape.chunks, shape.tile_bytes, shape.turns, augment),
        unravel=network.unravel,
        classes=network.example.classes,
        compare=Comparison(shape.tolerance, axis.total, axis.largest),
        rule=aggregation.rule(shape.rule, convention=shape.convention, **of_rule),
        replicated=shape.compute == "replicated",
        whole=code is not None,
        clip=shape.clip_workers,
        momentum=shape.worker_momentum,
    )
    factor = schedule(shape.schedule, shape.steps, **of_schedule)
    return Step(shape, assignment, network, one_round, factor, code)


def advance_by(step: Step) -> Callable[..., State]:
    """The function from a state to that at step ``stop``, or of a step whose graph is not in the table."""

    def advance(
        state: State,
        numbers: Numbers,
        order: Array,
        table: Table | None,
        stop: Array,
        inputs: Array,
        labels: Array,
    ) -> State:
        return jax.lax.while_loop(
            lambda state: (state.step < stop) & ~state.stuck,
            lambda state: step(state, numbers, order, table, inputs, labels),
            state._replace(stuck=jnp.asarray(False)),
        )

    return advance
