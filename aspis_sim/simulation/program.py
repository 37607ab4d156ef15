"""The compiled program of a run: built once for each shape, then fed with numbers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.stages import Compiled

from aspis_sim import adversary, aggregation, assignment
from aspis_sim.aggregation.vote import Ruling, vote
from aspis_sim.coding import cyclic_code
from aspis_sim.detection.agreement import Views
from aspis_sim.detection.equality import Comparison
from aspis_sim.simulation.coded import recover
from aspis_sim.simulation.degree_window import nothing, watch
from aspis_sim.simulation.gradients import Source
from aspis_sim.simulation.mesh import Axis, on_all, on_devices
from aspis_sim.simulation.network import Network, network
from aspis_sim.simulation.round import Batch, Returned, Round, Settled
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Numbers, State, Trace
from aspis_sim.simulation.streams import every_sample, sample_order, stream
from aspis_sim.simulation.verdicts import Table, empty_table, everyone, look_up

ON_CPU: dict[str, str | bool] = {"xla_backend_optimization_level": "1"}
"""What the compiler is told on a CPU: more than the first level of LLVM's passes doubles its time and wins nothing."""

MEMORY_FIRST: dict[str, str | bool] = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
"""What it is told about large models: by default it begins as much as it can at once, on a CPU too."""

CODE = 1
"""Number folded into a round's key for what the decoder draws and the adversary does not know."""


@dataclass(frozen=True, eq=False)
class Program:
    """The compiled functions of a shape.

    Attributes:
        shape: what they were built for.
        network: the model on its data.
        order: root key -> int ``[steps, f x samples per file]``, the samples of every step (one row for all steps
            where each takes all samples).
        begin: (root key, seed) -> `State` before the first step.
        advance: (state, numbers, order, table, stop, training inputs, labels) -> state at step ``stop``, or stuck
            before it.
        empty: table without verdicts, None for a shape without a detector.
        compile_seconds: what building and compiling took.
    """

    shape: RunShape
    network: Network
    order: Callable[[Array], Array]
    begin: Callable[[Array, int], State]
    advance: Compiled
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


def network_of(shape: RunShape) -> Network:
    """The model on the data of a shape."""
    return network(
        shape.dataset,
        shape.model,
        shape.dataset_parameters,
        shape.model_parameters,
        shape.precision,
        shape.initial,
    )


def _build(shape: RunShape) -> Program:
    started = time.perf_counter()
    groups = assignment.build(
        shape.assignment,
        workers=shape.workers,
        redundancy=shape.redundancy,
        **dict(shape.assignment_parameters),
    )
    net = network_of(shape)
    samples = len(net.example.labels["train"])
    batch = len(groups.files) * shape.samples_per_file
    optimizer = partial(optax.sgd, momentum=shape.momentum)
    table = empty_table(shape.workers, len(groups.files), shape.redundancy, shape.certifies) if shape.detects else None

    def order(key: Array) -> Array:
        if net.example.whole:
            return jnp.asarray(every_sample(samples, len(groups.files)).reshape(1, -1))
        return sample_order(stream(key, "data"), samples, shape.steps * batch).reshape(-1, batch)

    def begin(key: Array, seed: int) -> State:
        weights = net.initial(key, seed)
        counts = np.zeros(shape.steps, np.int32)
        trace = Trace(counts.astype(net.dtype), counts, counts, counts, counts, counts.astype(np.int8))
        graph = np.zeros((shape.workers, shape.workers), bool)
        memory = nothing(shape.workers) if shape.detection_window else None
        start, stuck = jnp.int32(0), jnp.asarray(False)
        return State(weights, optimizer(0.0).init(weights), start, stuck, jnp.asarray(graph), memory, trace)

    key = jax.random.key(0)
    windows = -(-shape.steps // shape.adversary_window) if shape.adversary_window else 1
    lies = (0, 0) if shape.permute else groups.files.shape
    zero = net.dtype.type(0)
    numbers = Numbers(key, zero, zero, np.zeros((windows, shape.workers), bool), np.zeros((windows, *lies), bool))
    drawn = jax.ShapeDtypeStruct((1 if net.example.whole else shape.steps, batch), jnp.int32)
    advance = jax.jit(on_devices(_advance(shape, groups, net), shape.devices))
    given = (begin(key, 0), numbers, jnp.zeros(drawn.shape, drawn.dtype), table, np.int32(0), *net.train(0))
    lowered = advance.lower(*on_all(given, shape.devices))
    told = (ON_CPU | (MEMORY_FIRST if shape.turns > 1 else {})) if jax.default_backend() == "cpu" else None
    executable = lowered.compile(told)
    return Program(
        shape=shape,
        network=net,
        order=order,
        begin=begin,
        advance=executable,
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
        source=Source(net.layers(shape.samples_per_file), axis, shape.chunks, shape.tile_bytes, shape.turns),
        unravel=net.unravel,
        classes=net.example.classes,
        compare=Comparison(shape.tolerance, axis.total, axis.largest),
        rule=aggregation.rule(shape.rule, convention=shape.convention, **parameters),
        replicated=shape.compute == "replicated",
        whole=code is not None,
    )
    a_sample = len(groups.files) / len(net.example.labels["train"]) if net.model.sums else 1
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
        samples = order[0 if net.example.whole else state.step].reshape(len(files), shape.samples_per_file)
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
            update = settled.update.astype(state.weights.dtype)
            change, optimizer = optax.sgd(numbers.rate, momentum=shape.momentum).update(update, state.optimizer)
            row = Trace(
                loss=returned.honest.loss * a_sample,
                distorted=settled.distorted.sum(),
                lost=(~settled.kept).sum(),
                excluded_byzantine=(byzantine & ~settled.honest).sum(),
                excluded_honest=(~byzantine & ~settled.honest).sum(),
                outcome=settled.outcome,
            )
            pairs = zip(state.trace, row, strict=True)
            trace = Trace(*(past.at[state.step].set(now.astype(past.dtype)) for past, now in pairs))
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
