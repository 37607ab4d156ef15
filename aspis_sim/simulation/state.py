"""What a run is fed, what it carries from step to step, and what it leaves behind."""

from typing import Any, NamedTuple

import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.simulation.server.degree_window import Memory
from aspis_sim.simulation.server.memory import Evidence


class Feed(NamedTuple):
    """What is fed to a run of a given shape.

    Attributes:
        key: root key of the run; every random stream is folded from it.
        rate: learning rate.
        strength: of the payload, in its own unit.
        byzantine: bool ``[windows, K]``; one window if the same workers are Byzantine throughout.
        distorts: bool ``[windows, f, r]``, which copies the Byzantine workers distort (unless the workers are permuted:
            then this follows from who is Byzantine).
        distortable: without a verdict that says better, the most files that the vote can lose.
        q: Byzantine workers, as the degree detector is told.
    """

    key: Array
    rate: np.floating[Any]
    strength: np.floating[Any]
    byzantine: NDArray[np.bool_]
    distorts: NDArray[np.bool_]
    distortable: np.int32 = np.int32(0)
    q: np.int32 = np.int32(0)


class Trace(NamedTuple):
    """What a run leaves behind of each step, each an array ``[steps]`` of jax or numpy.

    Attributes:
        loss: mean loss of the step's samples, before its update.
        distorted: files whose value in the update is not their honest gradient.
        lost: files that are dropped.
        excluded_byzantine: Byzantine workers excluded.
        excluded_honest: honest workers excluded.
        outcome: index of the verdict's outcome in `aspis_sim.detection.Outcome`.
    """

    loss: Any
    distorted: Any
    lost: Any
    excluded_byzantine: Any
    excluded_honest: Any
    outcome: Any


class State(NamedTuple):
    """A run between two steps.

    Attributes:
        weights: float ``[d]``.
        optimizer: the optimizer's own state.
        step: steps done.
        stuck: whether the graph of this step is not in the table of verdicts.
        graph: bool ``[K, K]``, the agreement graph of the step in question.
        memory: of the degree detector, None without it.
        evidence: what the server remembers of earlier steps, None where it judges each by itself and audits nothing.
        trace: of the steps done.
        statistics: running ones of batch norms, empty without any.
        history: of the workers' momentum, `aspis_sim.gradients.momentum.History`; empty without.
        kappa: float ``[steps]``, the rule's realised coefficient in the steps done; None where it is not measured.
    """

    weights: Array
    optimizer: Any
    step: Array
    stuck: Array
    graph: Array
    memory: Memory | None
    evidence: Evidence | None
    trace: Trace
    statistics: Any
    history: Any
    kappa: Array | None = None
