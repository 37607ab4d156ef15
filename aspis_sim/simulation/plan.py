"""What a step keeps in memory, and how it is cut up so that it stays within what is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import jax

from aspis_sim.errors import InputError
from aspis_sim.simulation.gradients import TILE_BYTES
from aspis_sim.simulation.network import Network

COPIES_OF_A_TILE = 4
"""The gradients, their differences from the lies, the chosen values and the rule's own keys."""

COPIES_OF_WHAT_PASSED = 2
"""Inputs and deltas of the layers as they are kept, and what the backward pass needs besides."""

ACCELERATOR_TILE_BYTES = 2**29


@dataclass(frozen=True)
class Plan:
    """How a step is cut up on every device.

    Attributes:
        parameters: d.
        chunks: parts in which the files go through the model.
        tile_bytes: what the gradients of all files for one tile may take.
        whole: whether the matrix of all gradients has to exist.
        peak_bytes: what a step is expected to need at most, without the data and the program itself.
    """

    parameters: int
    chunks: int
    tile_bytes: int
    whole: bool
    peak_bytes: int


def plan(network: Network, rows: int, samples: int, memory: int, devices: int = 1, whole: str = "") -> Plan:
    """Cut a step up.

    Args:
        network: the model on its data.
        rows: gradients that are computed: files, or copies of files under replicated compute.
        samples: samples a file.
        memory: bytes allowed on a device.
        devices: devices over which the rows are sharded.
        whole: the part that needs the matrix of all gradients at once, in words; empty if there is none.

    Raises:
        InputError: the matrix is needed and does not fit.
    """
    size = 2 if network.precision == "bfloat16" else network.dtype.itemsize
    parameters = network.parameters
    here = ceil(rows / devices)
    passed = COPIES_OF_WHAT_PASSED * network.layers(samples).numbers_a_file * here * size
    matrix = COPIES_OF_A_TILE * ceil(parameters / devices) * rows * size
    kept = 6 * parameters * network.dtype.itemsize
    if whole and matrix > memory:
        raise InputError(
            f"{whole} needs all {rows:,} gradients at once, {readable(matrix)}; "
            f"allow it with --memory {ceil(matrix / 1e9)}GB, or take a part that works by coordinate"
        )
    chunks = min(here, max(1, ceil(passed / max(1, memory // 2))))
    if chunks == 1:
        best = TILE_BYTES if jax.default_backend() == "cpu" else ACCELERATOR_TILE_BYTES
        tile = min(best, max(1, memory // (4 * COPIES_OF_A_TILE)))
    else:  # every tile costs a pass through the model: as few as possible
        tile = max(1, memory // (2 * COPIES_OF_A_TILE))
    tiles = matrix if whole else min(matrix, COPIES_OF_A_TILE * tile)
    return Plan(parameters, chunks, tile, bool(whole), ceil(passed / chunks) + tiles + kept)


def readable(size: int) -> str:
    """A number of bytes as people write it: "1.9 GB", "34 MB"."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:,.{1 if name == 'GB' else 0}f} {name}"
    return f"{size} B"
