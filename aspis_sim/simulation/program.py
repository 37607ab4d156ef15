"""The compiled program of a run: built once for each shape, then fed with numbers."""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.stages import Compiled

from aspis_sim.assignment import build
from aspis_sim.coding import returned
from aspis_sim.devices.mesh import COLUMNS, EVERYWHERE, on_all, on_devices, zeros_by_columns
from aspis_sim.environment import PRNG, nothing_kept, pinned
from aspis_sim.gradients.momentum import History
from aspis_sim.gradients.network import Network, network_of
from aspis_sim.simulation.assembly import step_of
from aspis_sim.simulation.compiling import told
from aspis_sim.simulation.server.degree_window import empty_memory
from aspis_sim.simulation.server.memory import no_evidence
from aspis_sim.simulation.server.verdicts import Table, empty_table
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Feed, State, Trace
from aspis_sim.simulation.steps import advance_by
from aspis_sim.spec.part import parse_part
from aspis_sim.streams import every_sample, root_key, sample_order, stream

KEPT_ORDER = 2**22
"""Samples of all steps up to which their order is kept for the next run of the seed: 16 MB."""


@dataclass(frozen=True, eq=False)
class Program:
    """The compiled functions of a shape.

    Attributes:
        shape: what they were built for.
        network: the model on its data.
        order: root key -> int ``[steps, f x samples per file]``, the samples of every step (one row for all steps
            where each takes all samples).
        begin: (root key, seed) -> `State` before the first step.
        advance: (state, feed, order, table, stop, training inputs, labels) -> state at step ``stop``, or stuck
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


MOST = 128
"""Programs that are kept in memory. Linux lets a process have 65,530 mappings, of which a program takes some 250: with
many more, the compiler runs out of memory, however much there is."""

_programs: dict[RunShape, Program] = {}
_compile_seconds: list[float] = []
"""What every program took that this process has compiled; it grows also where programs are let go."""
_locks: dict[RunShape, threading.Lock] = {}
_registering = threading.Lock()


def compiled(shape: RunShape) -> Program:
    """The program of a shape, compiled once a process also when several threads ask for it.

    Of more than `MOST` those that were not asked for the longest are let go, and compiled or loaded again when needed.

    Raises:
        InputError: a name or parameter of the shape is not known, or more devices are asked for than there are.
    """
    with _registering:
        lock = _locks.setdefault(shape, threading.Lock())
    with lock:
        with _registering:
            program = _programs.pop(shape, None)
        if program is None:
            program = _build(shape)
            _compile_seconds.append(program.compile_seconds)
        with _registering:
            _programs[shape] = program
            while len(_programs) > MOST:
                del _programs[next(iter(_programs))]
        return program


def compilations() -> int:
    """How many programs this process has compiled."""
    return len(_compile_seconds)


def _build(shape: RunShape) -> Program:
    """Compile the program of a shape, with its own settings of JAX, whatever those of the caller are."""
    with pinned(shape.settings.precision):
        return _build_here(shape)


def _build_here(shape: RunShape) -> Program:
    started, settings = time.perf_counter(), shape.settings
    part = parse_part(settings.assignment)
    groups = build(part.name, workers=settings.workers, redundancy=settings.redundancy, **part.options)
    net = network_of(settings)
    samples = len(net.example.labels["train"])
    batch = len(groups.files) * settings.samples_per_file
    workers, redundancy = settings.workers, settings.redundancy
    sizes = (workers, len(groups.files), redundancy)
    table = empty_table(*sizes, shape.certifies, shape.selects) if shape.detects else None

    step = step_of(shape, groups, net)

    def order(key: Array) -> Array:
        if net.example.full_batch:
            return jnp.asarray(every_sample(samples, len(groups.files)).reshape(1, -1))
        draw = _order if settings.steps * batch <= KEPT_ORDER else _order.__wrapped__
        words = np.asarray(jax.random.key_data(key)).tobytes()
        return draw(words, samples, settings.steps, batch, settings.precision)

    def start(key: Array, seed: int, history: History) -> State:
        weights = net.initial(key, seed)
        counts = np.zeros(settings.steps, np.int32)
        trace = Trace(counts.astype(net.dtype), counts, counts, counts, counts, counts.astype(np.int8))
        graph = np.zeros((workers, workers), bool)
        memory = empty_memory(workers) if settings.detection_window else None
        evidence = no_evidence(workers) if shape.remembers else None
        return State(
            weights=weights,
            optimizer=step.server.begin(weights),
            step=jnp.int32(0),
            stuck=jnp.asarray(False),
            graph=jnp.asarray(graph),
            memory=memory,
            evidence=evidence,
            trace=trace,
            statistics=net.statistics,
            history=history,
            kappa=jnp.full(settings.steps, jnp.nan, net.dtype) if shape.measures else None,
        )

    key = root_key(0)
    windows = -(-settings.steps // settings.adversary_window) if settings.adversary_window else 1
    lies = (0, 0) if settings.permute else returned(settings.coding, groups).files.shape
    zero = net.dtype.type(0)
    feed = Feed(key, zero, zero, np.zeros((windows, workers), bool), np.zeros((windows, *lies), bool))
    drawn = jnp.zeros((1 if net.example.full_batch else settings.steps, batch), jnp.int32)
    train = net.train(0)
    histories = step.blank(start(key, 0, ()), feed, drawn, *train)

    def begin(key: Array, seed: int) -> State:
        return start(key, seed, zeros_by_columns(histories, net.dtype, settings.devices))

    advance = jax.jit(_spread(advance_by(step), settings.devices, bool(histories)))
    given = (begin(key, 0), feed, drawn, table, np.int32(0), *train)
    lowered = advance.lower(*on_all(given, settings.devices))
    on_cpu = jax.default_backend() == "cpu"
    work, searches = settings.steps * batch * net.parameters, step.lie(feed).aimed is not None
    options = told(work, shape.turns, searches) if on_cpu else None
    # XLA on a CPU may crash when it runs a program of several devices that it has loaded from a cache.
    with nothing_kept() if on_cpu and settings.devices > 1 else nullcontext():
        executable = lowered.compile(options)
    return Program(
        shape=shape,
        network=net,
        order=order,
        begin=begin,
        advance=executable,
        empty=table,
        compile_seconds=time.perf_counter() - started,
    )


@lru_cache(4)
def _order(words: bytes, samples: int, steps: int, batch: int, precision: str) -> Array:
    """The samples of every step from the words of a root key, once for runs of a seed that follow each other."""
    key = jax.random.wrap_key_data(jnp.asarray(np.frombuffer(words, np.uint32)), impl=PRNG)
    return sample_order(stream(key, "data"), samples, steps * batch).reshape(-1, batch)


def _spread(advance: Callable[..., State], devices: int, remembers: bool) -> Callable[..., State]:
    """The function on all devices; all that it takes and gives is on each of them, but for the workers' history."""
    if not remembers:
        return on_devices(advance, devices)
    state = State._make(COLUMNS if name == "history" else EVERYWHERE for name in State._fields)
    return on_devices(advance, devices, (state, *[EVERYWHERE] * 6), state)
