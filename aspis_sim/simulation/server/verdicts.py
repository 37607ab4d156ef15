"""Verdicts of the detector, remembered on the device by the agreement graph they were reached on.

A run looks its graph up in a small table. Only a graph that is not there stops it: the host then asks the detector,
adds the verdict and lets the run go on from the same step. No host callback is compiled into the program, so it can
be cached on disk, vectorised and sharded; a run with a fixed adversary stops once.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from aspis_sim.aggregation.vote import Ruling
from aspis_sim.detection import Outcome, Verdict

OUTCOMES = tuple(Outcome)
CAPACITY = 32


class Table(NamedTuple):
    """Known verdicts; rows from ``known`` on are unused.

    Attributes:
        graphs: bool ``[capacity, K, K]``.
        rulings: a `Ruling` whose arrays have a leading axis of ``capacity``.
        known: number of rows in use.
    """

    graphs: Array
    rulings: Ruling
    known: Array


def empty_table(workers: int, files: int, redundancy: int, certifies: bool, selects: bool = False) -> Table:
    """A table without verdicts."""
    certified = np.zeros((CAPACITY, files, 2**redundancy), bool) if certifies else None
    selected = np.ones((CAPACITY, files), bool) if selects else None
    rulings = Ruling(
        honest=np.ones((CAPACITY, workers), bool),  # type: ignore[arg-type]
        average=np.zeros(CAPACITY, bool),  # type: ignore[arg-type]
        unanimous=np.zeros(CAPACITY, bool),  # type: ignore[arg-type]
        certified=certified,  # type: ignore[arg-type]
        outcome=np.zeros(CAPACITY, np.int8),  # type: ignore[arg-type]
        distortable=np.zeros(CAPACITY, np.int32),  # type: ignore[arg-type]
        selected=selected,  # type: ignore[arg-type]
    )
    return Table(np.zeros((CAPACITY, workers, workers), bool), rulings, np.int32(0))  # type: ignore[arg-type]


def look_up(table: Table, graph: ArrayLike) -> tuple[Array, Ruling]:
    """Whether the graph is known, and the ruling on it (that of row 0 if it is not)."""
    rows = jnp.arange(len(table.graphs))
    match = jnp.all(table.graphs == graph, axis=(-2, -1)) & (rows < table.known)
    row = jnp.argmax(match)
    return match.any(), jax.tree.map(lambda part: part[row], table.rulings)


def with_verdict(table: Table, graph: NDArray[np.bool_], verdict: Verdict, distortable: int) -> Table:
    """A copy of the table with one more verdict; a full table forgets its oldest half first.

    Args:
        table: not changed.
        graph: bool ``[K, K]``.
        verdict: on that graph.
        distortable: the most distorted files that the robust rule may meet after it.
    """
    graphs, known = np.array(table.graphs), int(table.known)
    parts = [None if part is None else np.array(part) for part in table.rulings]
    if known == len(graphs):
        known = len(graphs) // 2
        for array in [graphs, *(part for part in parts if part is not None)]:
            array[:known] = array[-known:]
    graphs[known] = graph
    outcome = OUTCOMES.index(verdict.outcome)
    selected = True if verdict.kept is None else verdict.kept
    ruling = (verdict.honest, verdict.average, verdict.unanimous, verdict.certified, outcome, distortable, selected)
    for part, value in zip(parts, ruling, strict=True):
        if part is not None:
            part[known] = False if value is None else value
    return Table(graphs, Ruling(*parts), np.int32(known + 1))  # type: ignore[arg-type]


def trust_everyone(workers: int, distortable: ArrayLike) -> Ruling:
    """The ruling of a scheme without a detector: nobody is excluded, the votes and the rule decide."""
    skipped = jnp.int8(OUTCOMES.index(Outcome.SKIPPED))
    return Ruling(
        jnp.ones(workers, bool), jnp.asarray(False), jnp.asarray(False), None, skipped, jnp.asarray(distortable)
    )
