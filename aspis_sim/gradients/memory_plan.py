"""What a step keeps in memory, and how it is cut up so that it stays within what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil

import jax

from aspis_sim.errors import InputError
from aspis_sim.gradients.network import Network
from aspis_sim.gradients.source import TILE_BYTES

COPIES_OF_A_TILE = 4
"""The gradients, their differences from the lies, the chosen values and the rule's own keys."""

COPIES_OF_WHAT_IS_KEPT = 2
"""Inputs and deltas of the layers as they are kept, the inputs once more, and a few layers turned for products."""

MOST_KEPT = 0.85
"""The share of an allowance up to which they are kept: what is not has to be computed again for every tile."""

COPIES_ON_THE_WAY = 2
"""What goes into the layers and out of them, and what the way back needs besides."""

HISTORIES = 3
"""Of the workers' momentum: the one that a run began with, the one before the step, and the one after it."""

VECTORS_OF_A_FILE = 4
"""What a file that takes local steps needs: its own weights, their change so far, its gradient, and one on the way."""

FILES_AT_ONCE_BYTES = 2_000_000
"""What the files that take local steps at once should take on a CPU: such as stays in its caches."""

A_TURN_BYTES = 300_000_000
"""What the files of one turn should take on their way through the model: a share of an allowance of gigabytes."""

ACCELERATOR_TILE_BYTES = 2**29


@dataclass(frozen=True)
class Plan:
    """How a step is cut up on every device.

    Attributes:
        parameters: d.
        chunks: parts in which the files go through the model.
        tile_bytes: what the gradients of all files for one tile may take.
        turns: calls of the model for the files of one part, where it is the only one.
        needs_matrix: whether the matrix of all gradients has to exist.
        peak_bytes: what a step is expected to need at most, without the data and the program itself.
    """

    parameters: int
    chunks: int
    tile_bytes: int
    turns: int
    needs_matrix: bool
    peak_bytes: int


def plan(
    network: Network,
    rows: int,
    samples: int,
    memory: int,
    devices: int = 1,
    needing: str = "",
    momentum: bool = False,
    returned: int | None = None,
) -> Plan:
    """Cut a step up.

    Args:
        network: the model on its data.
        rows: gradients that are computed: files, or copies of files under replicated compute.
        samples: samples a file.
        memory: bytes allowed on a device.
        devices: devices over which the rows are sharded.
        needing: the part that needs the matrix of all gradients at once, in words; empty if there is none.
        momentum: whether workers have momentum: then a history of every row that is returned is kept.
        returned: rows that workers return, where these are mixtures of gradients: of them, not of gradients, all may
            have to exist at once. None for the gradients themselves.

    Raises:
        InputError: the matrix or the histories are needed and do not fit.
    """
    size = 2 if network.precision == "bfloat16" else network.dtype.itemsize
    parameters = network.parameters
    here = ceil(rows / devices)
    numbers_a_file, numbers_on_the_way = _numbers(network, samples)
    keeping = COPIES_OF_WHAT_IS_KEPT * numbers_a_file * here * size
    on_the_way = COPIES_ON_THE_WAY * numbers_on_the_way * here * size
    mixes, returned = returned is not None, rows if returned is None else returned
    matrix, kept = _matrix_and_kept(network, returned, memory, devices, needing, momentum)
    beside = matrix if needing and mixes else 0
    room = max(1, memory - kept - beside)
    chunks = 1 if keeping <= MOST_KEPT * room else min(here, ceil((keeping + on_the_way) / (room / 2)))
    turns = 1
    if chunks == 1:
        turns = _turns(here, ceil(on_the_way / min(A_TURN_BYTES, room / 4)))
        best = TILE_BYTES if jax.default_backend() == "cpu" else ACCELERATOR_TILE_BYTES
        tile = min(best, max(1, room // (4 * COPIES_OF_A_TILE)))
    else:  # every tile costs a pass through the model: as few as possible
        tile = max(1, room // (2 * COPIES_OF_A_TILE))
    whole = matrix if needing and not mixes else 0
    tiles = whole or beside + _forming(network, rows, devices, tile)
    passing = ceil((keeping + on_the_way / turns) / chunks)
    return Plan(parameters, chunks, tile, turns, bool(needing), passing + tiles + kept)


def plan_of_local_steps(
    network: Network,
    rows: int,
    samples: int,
    memory: int,
    devices: int = 1,
    needing: str = "",
    momentum: bool = False,
    returned: int | None = None,
    matrices: int = 1,
) -> Plan:
    """Cut up a step in which files take several local steps: what they return is a matrix that exists.

    Args:
        network, rows, samples, memory, devices, needing, momentum, returned: as of `plan`.
        matrices: how many of it there are: two where Byzantine workers take local steps on data of their own.

    Raises:
        InputError: the matrix, or what else is needed at once, does not fit.
    """
    size = 2 if network.precision == "bfloat16" else network.dtype.itemsize
    parameters, here = network.parameters, ceil(rows / devices)
    mixes, returned = returned is not None, rows if returned is None else returned
    matrix, kept = _matrix_and_kept(network, returned, memory, devices, needing, momentum)
    beside = matrix if needing and mixes else 0
    own = 2 * matrices * here * parameters * size  # as it is computed, and as it is cut into tiles
    if own + kept + beside > memory:
        raise InputError(
            f"files that take several local steps return a matrix of {rows:,} changes that exists at once, "
            f"{readable(own)}; allow it with `memory={ceil(1.1 * (own + kept + beside) / 1e9)}GB`, or take "
            "`local_steps=1`"
        )
    room = max(1, memory - kept - own - beside)
    on_cpu = jax.default_backend() == "cpu"
    a_file = VECTORS_OF_A_FILE * parameters * network.dtype.itemsize + COPIES_ON_THE_WAY * size * sum(
        _numbers(network, samples)
    )
    most = min(FILES_AT_ONCE_BYTES if on_cpu else ACCELERATOR_TILE_BYTES, room // 2)
    chunks = min(here, ceil(here / max(1, most // a_file)))
    tile = min(TILE_BYTES if on_cpu else ACCELERATOR_TILE_BYTES, max(1, room // (4 * COPIES_OF_A_TILE)))
    whole = matrix if needing and not mixes else 0
    tiles = whole or beside + _forming(network, rows, devices, tile)
    peak = ceil(here / chunks) * a_file + own + tiles + kept
    return Plan(parameters, chunks, tile, 1, bool(needing), peak)


def _matrix_and_kept(
    network: Network, rows: int, memory: int, devices: int, needing: str, momentum: bool
) -> tuple[int, int]:
    """Bytes of all rows as rules and payloads see them at once, and of what is kept throughout a step."""
    size, columns = network.dtype.itemsize, ceil(network.parameters / devices)
    matrix = COPIES_OF_A_TILE * columns * rows * size  # rules widen 16 bits
    history = HISTORIES * columns * rows * size if momentum else 0
    kept = 6 * network.parameters * size + history
    if kept > memory and momentum:
        raise InputError(
            f"momentum at the workers keeps a history of each of {rows:,} gradients, {HISTORIES} times at once: "
            f"{readable(history)}; allow it with `memory={ceil(1.1 * kept / 1e9)}GB`, or leave it out"
        )
    if needing and matrix + history > memory:
        raise InputError(
            f"{needing} needs all {rows:,} gradients at once, {readable(matrix)}; "
            f"allow it with `memory={ceil((matrix + history) / 1e9)}GB`, or take a part that works by coordinate"
        )
    return matrix, kept


def _forming(network: Network, rows: int, devices: int, tile: int) -> int:
    """Bytes that it takes to form a tile of so many bytes, or less if all rows are less."""
    return COPIES_OF_A_TILE * min(ceil(network.parameters / devices) * network.dtype.itemsize * rows, tile)


@cache
def _numbers(network: Network, samples: int) -> tuple[int, int]:
    """What `Layers` counts of one file, traced once for all plans of a network."""
    layers = network.layers(samples)
    return layers.numbers_a_file, layers.numbers_on_the_way


def _turns(files: int, least: int) -> int:
    """At least so many turns, a few more where the files can then be split evenly."""
    least = min(files, max(1, least))
    even = (turns for turns in range(least, 2 * least) if files % turns == 0)
    return next(even, least)


def readable(size: int) -> str:
    """A number of bytes as people write it: "1.9 GB", "34 MB"."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:,.{1 if name == 'GB' else 0}f} {name}"
    return f"{size} B"
