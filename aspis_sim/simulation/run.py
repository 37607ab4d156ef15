"""One training run as a pure function of its shape, its numbers and its key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray

from aspis_sim import adversary, aggregation, assignment, data, models
from aspis_sim.aggregation.vote import vote
from aspis_sim.detection import Verdict
from aspis_sim.detection.agreement import Comparison
from aspis_sim.simulation.mesh import Axis, on_devices
from aspis_sim.simulation.round import Round
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.streams import sample_order, stream
from aspis_sim.simulation.verdicts import Table, empty_table, everyone, look_up, remember

Decide = Callable[[NDArray[np.bool_]], Verdict]


class Numbers(NamedTuple):
    """What is fed to a run of a given shape.

    Attributes:
        key: root key of the run; every random stream is folded from it.
        rate: learning rate.
        strength: of the payload, in its own unit.
        byzantine: bool ``[K]``.
        distorts: bool ``[f, r]``, which copies the Byzantine workers distort.
    """

    key: Array
    rate: float
    strength: float
    byzantine: NDArray[np.bool_]
    distorts: NDArray[np.bool_]


class Trace(NamedTuple):
    """What a run leaves behind of each step, each an array ``[steps]``.

    Attributes:
        loss: mean loss of the step's samples, before its update.
        distorted: files whose value in the update is not their honest gradient.
        lost: files that are dropped.
        excluded_byzantine: Byzantine workers excluded.
        excluded_honest: honest workers excluded.
        outcome: index of the verdict's outcome in `aspis_sim.detection.Outcome`.
    """

    loss: Array
    distorted: Array
    lost: Array
    excluded_byzantine: Array
    excluded_honest: Array
    outcome: Array


class State(NamedTuple):
    """A run between two steps.

    Attributes:
        weights: float ``[d]``.
        optimizer: the optimizer's own state.
        step: steps done.
        stuck: whether the graph of this step is not in the table of verdicts.
        graph: bool ``[K, K]``, the agreement graph of the step in question.
        trace: of the steps done.
    """

    weights: Array
    optimizer: Any
    step: Array
    stuck: Array
    graph: Array
    trace: Trace


@dataclass(frozen=True)
class Score:
    """Accuracy and loss on one part of a data set.

    Attributes:
        top1: share of the samples whose highest score is their class.
        loss: mean cross-entropy.
    """

    top1: float
    loss: float


@dataclass(frozen=True, eq=False)
class Program:
    """The compiled functions of a shape.

    Attributes:
        shape: what they were built for.
        order: root key -> int ``[steps, f x samples per file]``, the samples of every step.
        begin: root key -> `State` before the first step.
        advance: (state, numbers, order, table, stop) -> state at step ``stop``, or stuck before it.
        score: (weights, part of the data set) -> `Score`.
        empty: table without verdicts.
    """

    shape: RunShape
    order: Callable[[Array], Array]
    begin: Callable[[Array], State]
    advance: Callable[..., State]
    score: Callable[[Array, str], Score]
    empty: Table | None


@cache
def program(shape: RunShape) -> Program:
    """Build the program of a shape, once a process.

    Raises:
        InputError: a name or parameter of the shape is not known, or more devices are asked for than there are.
    """
    groups = assignment.build(
        shape.assignment,
        workers=shape.workers,
        redundancy=shape.redundancy,
        **dict(shape.assignment_parameters),
    )
    files = jnp.asarray(groups.files)
    dataset = data.load(shape.dataset)
    model = models.build(shape.model, classes=dataset.classes)
    example = jnp.asarray(dataset.inputs["train"][:1])
    template, unravel = ravel_pytree(model.initialise(jax.random.key(0), example))
    axis = Axis(shape.devices)
    one_round = Round(
        assignment=groups,
        loss=lambda weights, inputs, labels: model.loss(unravel(weights), inputs, labels),
        parameters=template.size,
        compare=Comparison(shape.tolerance, axis.total, axis.largest, shape.chunk),
        axis=axis,
        replicated=shape.compute == "replicated",
    )
    rule = aggregation.rule(shape.rule, **dict(shape.rule_parameters))
    batch_shape = (len(files), shape.samples_per_file)
    optimizer = partial(optax.sgd, momentum=shape.momentum)

    def begin(key: Array) -> State:
        weights, _ = ravel_pytree(model.initialise(stream(key, "init"), example))
        counts = jnp.zeros(shape.steps, jnp.int32)
        trace = Trace(jnp.zeros(shape.steps), counts, counts, counts, counts, counts.astype(jnp.int8))
        graph = jnp.zeros((shape.workers, shape.workers), bool)
        start = jnp.int32(0)
        return State(weights, optimizer(0.0).init(weights), start, jnp.asarray(False), graph, trace)

    def step(
        state: State, numbers: Numbers, order: Array, table: Table | None, inputs: Array, labels: Array
    ) -> State:
        lie = adversary.payload(shape.payload, strength=numbers.strength)
        key = jax.random.fold_in(stream(numbers.key, "payload"), state.step)
        batch = order[state.step].reshape(batch_shape)
        returned = one_round.play(state.weights, inputs, labels, batch, numbers.distorts, lie, key)
        known, ruling = (True, everyone(shape.workers)) if table is None else look_up(table, returned.graph)

        def go_on() -> State:
            ballot = vote(returned.agree, files, ruling)
            update = one_round.update(returned, ballot, rule, shape.after_detection == "average")
            change, optimizer_state = optimizer(numbers.rate).update(update, state.optimizer)
            distorted = returned.copies.differs(ballot.slot, one_round.compare) & ballot.kept
            row = Trace(
                loss=returned.loss,
                distorted=distorted.sum(),
                lost=(~ballot.kept).sum(),
                excluded_byzantine=(numbers.byzantine & ~ruling.honest).sum(),
                excluded_honest=(~numbers.byzantine & ~ruling.honest).sum(),
                outcome=ruling.outcome,
            )
            trace = Trace(*(past.at[state.step].set(now) for past, now in zip(state.trace, row, strict=True)))
            return State(
                state.weights + change, optimizer_state, state.step + 1, state.stuck, returned.graph, trace
            )

        if table is None:
            return go_on()
        wait = lambda: state._replace(stuck=jnp.asarray(True), graph=returned.graph)  # noqa: E731
        return jax.lax.cond(known, go_on, wait)

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

    train = (jnp.asarray(dataset.inputs["train"]), jnp.asarray(dataset.labels["train"]))
    compiled = jax.jit(on_devices(advance, shape.devices))
    draws = shape.steps * batch_shape[0] * batch_shape[1]

    def order(key: Array) -> Array:
        return sample_order(stream(key, "data"), len(train[1]), draws).reshape(shape.steps, -1)

    @jax.jit
    def evaluate(weights: Array, inputs: Array, labels: Array) -> tuple[Array, Array]:
        correct = model.scores(unravel(weights), inputs).argmax(-1) == labels
        return correct.mean(), model.loss(unravel(weights), inputs, labels)

    def score(weights: Array, part: str) -> Score:
        top1, loss = evaluate(weights, dataset.inputs[part], dataset.labels[part])
        return Score(float(top1), float(loss))

    table = (
        empty_table(shape.workers, len(files), shape.redundancy, shape.certifies) if shape.detects else None
    )
    return Program(
        shape=shape,
        order=jax.jit(order),
        begin=jax.jit(begin),
        advance=lambda *arguments: compiled(*arguments, *train),
        score=score,
        empty=table,
    )


@dataclass(frozen=True, eq=False)
class Run:
    """A run in progress: its program and numbers, its state and the verdicts reached so far."""

    program: Program
    numbers: Numbers
    order: Array
    state: State
    verdicts: Table | None

    @classmethod
    def start(cls, shape: RunShape, numbers: Numbers, order: Array | None = None) -> "Run":
        """A run before its first step; ``order`` may be that of another run with the same key and shape."""
        built = program(shape)
        order = built.order(numbers.key) if order is None else order
        return cls(built, numbers, order, built.begin(numbers.key), built.empty)

    def to(self, stop: int, decide: Decide) -> "Run":
        """The run at step ``stop``; ``decide`` is asked for a verdict on each new agreement graph."""
        state, verdicts = self.state, self.verdicts
        while True:
            state = self.program.advance(state, self.numbers, self.order, verdicts, np.int32(stop))
            if verdicts is None or not bool(state.stuck):
                return Run(self.program, self.numbers, self.order, state, verdicts)
            graph = np.asarray(state.graph)
            verdicts = remember(verdicts, graph, decide(graph))
