"""The compiled program of a run: built once for each shape, then fed with numbers."""

import threading
import time
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

from aspis_sim import adversary, aggregation, assignment, data, models
from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.coding import cyclic_code
from aspis_sim.detection.agreement import Views
from aspis_sim.detection.equality import Comparison
from aspis_sim.models.base import Model
from aspis_sim.simulation.coded import recover
from aspis_sim.simulation.degree_window import nothing, watch
from aspis_sim.simulation.gradients import Source
from aspis_sim.simulation.layers import Layers, layers_of
from aspis_sim.simulation.mesh import Axis, on_devices
from aspis_sim.simulation.round import Batch, Returned, Round, Settled
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Numbers, State, Trace
from aspis_sim.simulation.streams import sample_order, stream
from aspis_sim.simulation.verdicts import Table, empty_table, everyone, look_up

CODE = 1
"""Number folded into a round's key for what the decoder draws and the adversary does not know."""


class Score(NamedTuple):
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
        empty: table without verdicts, None for a shape without a detector.
        compile_seconds: what building and compiling took.
    """

    shape: RunShape
    order: Callable[[Array], Array]
    begin: Callable[[Array], State]
    advance: Callable[[State, Numbers, Array, Table | None, np.int32], State]
    score: Callable[[Array, str], Score]
    empty: Table | None
    compile_seconds: float


_programs: dict[RunShape, Program] = {}
_locks: dict[RunShape, threading.Lock] = {}
_registering = threading.Lock()


def compiled(shape: RunShape) -> Program:
    """The program of a shape, compiled once a process also when several threads ask for it.

    Raises:
        InputError: a name or parameter of the shape is not known, or more devices are asked for than there are.
    """
    with _registering:
        lock = _locks.setdefault(shape, threading.Lock())
    with lock:
        if shape not in _programs:
            _programs[shape] = _build(shape)
        return _programs[shape]


def compilations() -> int:
    """How many programs this process has compiled."""
    return len(_programs)


class Network(NamedTuple):
    """A model on a data set, with its weights as one vector.

    Attributes:
        model: the model.
        train: inputs and labels to train on.
        parameters: d.
        unravel: from weights ``[d]`` to the model's parameters.
        initial: root key -> initial weights ``[d]``, compiled.
        evaluate: (weights, inputs, labels) -> correct answers and mean loss, compiled.
    """

    model: Model
    train: tuple[Array, Array]
    parameters: int
    unravel: Callable[[Array], Any]
    initial: Callable[[Array], Array]
    evaluate: Callable[..., tuple[Array, Array]]

    def layers(self, samples: int) -> Layers:
        """The layers of the model as they are called on a file of so many samples."""
        parameters = jax.eval_shape(self.unravel, jax.ShapeDtypeStruct((self.parameters,), jnp.float32))
        inputs, labels = (jax.ShapeDtypeStruct((samples, *part.shape[1:]), part.dtype) for part in self.train)
        return layers_of(self.model.loss, parameters, inputs, labels)


@cache
def network(dataset: str, model: str) -> Network:
    """Prepare a model on a data set, once a process."""
    source = data.load(dataset)
    built = models.build(model, classes=source.classes)
    example = source.inputs["train"][:1]
    empty = jax.eval_shape(built.initialise, jax.random.key(0), example)
    template, unravel = ravel_pytree(jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), empty))

    @jax.jit
    def initial(key: Array) -> Array:
        return ravel_pytree(built.initialise(stream(key, "init"), example))[0]

    @jax.jit
    def evaluate(weights: Array, inputs: Array, labels: Array) -> tuple[Array, Array]:
        parameters = unravel(weights)
        correct = built.scores(parameters, inputs).argmax(-1) == labels
        return correct.sum(), built.loss(parameters, inputs, labels)

    train = (jnp.asarray(source.inputs["train"]), jnp.asarray(source.labels["train"]))
    return Network(built, train, template.size, unravel, initial, evaluate)


def parameters_of(dataset: str, model: str) -> int:
    """d, the number of parameters of a model on a data set."""
    return network(dataset, model).parameters


def _build(shape: RunShape) -> Program:
    started = time.perf_counter()
    groups = assignment.build(
        shape.assignment,
        workers=shape.workers,
        redundancy=shape.redundancy,
        **dict(shape.assignment_parameters),
    )
    net = network(shape.dataset, shape.model)
    source = data.load(shape.dataset)
    batch = len(groups.files) * shape.samples_per_file
    optimizer = partial(optax.sgd, momentum=shape.momentum)
    table = empty_table(shape.workers, len(groups.files), shape.redundancy, shape.certifies) if shape.detects else None

    def order(key: Array) -> Array:
        return sample_order(stream(key, "data"), len(net.train[1]), shape.steps * batch).reshape(-1, batch)

    def begin(key: Array) -> State:
        weights = net.initial(key)
        counts = np.zeros(shape.steps, np.int32)
        trace = Trace(counts.astype(np.float32), counts, counts, counts, counts, counts.astype(np.int8))
        graph = np.zeros((shape.workers, shape.workers), bool)
        memory = nothing(shape.workers) if shape.detection_window else None
        start, stuck = jnp.int32(0), jnp.asarray(False)
        return State(weights, optimizer(0.0).init(weights), start, stuck, jnp.asarray(graph), memory, trace)

    def score(weights: Array, part: str) -> Score:
        labels = source.labels[part]
        correct, loss = net.evaluate(weights, source.inputs[part], labels)
        return Score(int(correct) / len(labels), float(str(np.float32(loss))))

    key = jax.random.key(0)
    windows = -(-shape.steps // shape.adversary_window) if shape.adversary_window else 1
    lies = (0, 0) if shape.permute else groups.files.shape
    numbers = Numbers(
        key, np.float32(0), np.float32(0), np.zeros((windows, shape.workers), bool), np.zeros((windows, *lies), bool)
    )
    samples = jax.ShapeDtypeStruct((shape.steps, batch), jnp.int32)
    advance = jax.jit(on_devices(_advance(shape, groups, net), shape.devices))
    executable = advance.lower(begin(key), numbers, samples, table, np.int32(0), *net.train).compile()
    return Program(
        shape=shape,
        order=order,
        begin=begin,
        advance=lambda *arguments: executable(*arguments, *net.train),
        score=score,
        empty=table,
        compile_seconds=time.perf_counter() - started,
    )


def _advance(shape: RunShape, groups: assignment.Assignment, net: Network) -> Callable[..., State]:
    """The function from a state to that of step ``stop``, or of a step whose graph is not in the table."""
    points = jnp.asarray(groups.files)
    axis = Axis(shape.devices)
    parameters: dict[str, Any] = dict(shape.rule_parameters)
    code = cyclic_code(shape.workers, shape.redundancy) if shape.coding == "cyclic" else None
    one_round = Round(
        assignment=groups,
        source=Source(net.layers(shape.samples_per_file), axis, shape.chunks, shape.tile_bytes),
        unravel=net.unravel,
        classes=data.load(shape.dataset).classes,
        compare=Comparison(shape.tolerance, axis.total, axis.largest),
        rule=aggregation.rule(shape.rule, convention=shape.convention, **parameters),
        replicated=shape.compute == "replicated",
        whole=code is not None,
    )
    averages = (shape.detects or shape.detection_window > 0) and shape.after_detection == "average"

    def settle(returned: Returned, files: Array, ruling: Ruling, key: Array) -> Settled:
        if code is not None:
            copies = returned.copies(0, 0)
            assert isinstance(copies, Views)
            return recover(code, copies, key, axis, net.parameters)
        ballot = vote(returned.agreement.agree, files, ruling)
        update = one_round.update(returned, ballot, ruling.distortable, shape.drops, averages)
        distorted = returned.agreement.differs(ballot.slot) & ballot.kept
        return Settled(update, ruling.honest, ballot.kept, distorted, ruling.outcome)

    def by_targeting(held: Array) -> Array:
        if shape.targeting == "none":
            return jnp.zeros_like(held)
        if shape.targeting == "weak":
            return held
        return held & (held.sum(1, keepdims=True) >= groups.majority)

    def step(state: State, numbers: Numbers, order: Array, table: Table | None, inputs: Array, labels: Array) -> State:
        lie = adversary.payload(
            shape.payload,
            convention=shape.convention,
            **dict(shape.payload_parameters),
            **({"strength": numbers.strength} if shape.strong_payload else {}),
        )
        key = jax.random.fold_in(stream(numbers.key, "payload"), state.step)
        window = state.step // shape.adversary_window if shape.adversary_window else 0
        byzantine = jnp.asarray(numbers.byzantine)[window]
        if shape.permute:
            places = jax.random.fold_in(stream(numbers.key, "permutation"), state.step)
            files = jax.random.permutation(places, shape.workers)[points]
            distorts = by_targeting(byzantine[files])
        else:
            files, distorts = points, jnp.asarray(numbers.distorts)[window]
        samples = order[state.step].reshape(len(files), shape.samples_per_file)
        batch = Batch(state.weights, inputs, labels, samples)
        returned = one_round.play(batch, files, distorts, lie, key)
        known, memory = jnp.asarray(True), state.memory
        if table is not None:
            known, ruling = look_up(table, returned.graph)
        elif memory is not None:
            budget, limit = jnp.asarray(numbers.q), jnp.asarray(numbers.distortable)
            memory, ruling = watch(memory, returned.graph, state.step, shape.detection_window, budget, limit)
        else:
            ruling = everyone(shape.workers, numbers.distortable)

        def go_on() -> State:
            settled = settle(returned, files, ruling, jax.random.fold_in(key, CODE))
            change, optimizer = optax.sgd(numbers.rate, momentum=shape.momentum).update(settled.update, state.optimizer)
            row = Trace(
                loss=returned.honest.loss,
                distorted=settled.distorted.sum(),
                lost=(~settled.kept).sum(),
                excluded_byzantine=(byzantine & ~settled.honest).sum(),
                excluded_honest=(~byzantine & ~settled.honest).sum(),
                outcome=settled.outcome,
            )
            trace = Trace(*(past.at[state.step].set(now) for past, now in zip(state.trace, row, strict=True)))
            weights = state.weights + change
            return State(weights, optimizer, state.step + 1, state.stuck, returned.graph, memory, trace)

        if table is None:
            return go_on()
        return jax.lax.cond(known, go_on, lambda: state._replace(stuck=jnp.asarray(True), graph=returned.graph))

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
