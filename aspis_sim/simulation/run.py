"""One training run in progress: advanced on the device, stopped where the host has to decide on a graph."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.adversary.payloads.base import Trigger
from aspis_sim.detection import Verdict
from aspis_sim.devices.mesh import on_all
from aspis_sim.environment import pinned
from aspis_sim.gradients.measures.backdoor import backdoor_success
from aspis_sim.gradients.network import Score
from aspis_sim.simulation.program import Program, compiled
from aspis_sim.simulation.server.verdicts import Table, with_verdict
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Feed, State

Decide = Callable[[NDArray[np.bool_]], tuple[Verdict, int]]
"""From an agreement graph to the verdict and the most files that can be distorted after it."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run in progress.

    Attributes:
        program: compiled for the run's shape.
        feed: what it is fed.
        seed: of the run, from which data sets that differ from run to run are drawn.
        order: int ``[steps, f x samples per file]``, the samples of every step.
        train: inputs and labels to train on.
        state: after the steps done so far.
        verdicts: reached so far, None without a detector.
    """

    program: Program
    feed: Feed
    seed: int
    order: Array
    train: tuple[Array, Array]
    state: State
    verdicts: Table | None

    @classmethod
    def start(cls, shape: RunShape, feed: Feed, seed: int = 0, order: NDArray[np.int32] | None = None) -> Self:
        """A run before its first step; without an order the samples of every step are drawn from all."""
        with pinned(shape.settings.precision):
            built = compiled(shape)
            drawn, train = built.order(feed.key) if order is None else jnp.asarray(order), built.network.train(seed)
            return cls(built, feed, seed, drawn, train, built.begin(feed.key, seed), built.empty)

    def to(self, stop: int, decide: Decide) -> Self:
        """The run at step ``stop``; ``decide`` is asked for a verdict on each new agreement graph."""
        state, verdicts = self.state, self.verdicts
        with pinned(self.program.shape.settings.precision):
            devices = self.program.shape.settings.devices
            fixed = on_all((self.feed, self.order), devices)
            while True:
                given = on_all((state, *fixed, verdicts, np.int32(stop), *self.train), devices)
                state = self.program.advance(*given)
                if verdicts is None or not bool(state.stuck):
                    return replace(self, state=state, verdicts=verdicts)
                graph = np.asarray(state.graph)
                verdicts = with_verdict(verdicts, graph, *decide(graph))

    def score(self, part: str) -> Score:
        """Accuracy and loss of the run's weights on a part of its data."""
        with pinned(self.program.shape.settings.precision):
            weights, statistics = self._scored
            return self.program.network.score(weights, part, self.seed, statistics)

    def scores(self, part: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """What the run's weights make of every sample of a part of its data, and the labels."""
        with pinned(self.program.shape.settings.precision):
            weights, statistics = self._scored
            return self.program.network.scores(weights, part, self.seed, statistics)

    @property
    def parameters(self) -> Any:
        """Of the model, as flax names them: a tree of NumPy arrays."""
        with pinned(self.program.shape.settings.precision):
            return jax.tree.map(np.array, self.program.network.unravel(self.state.weights))

    def backdoor_success(self, trigger: Trigger) -> float | None:
        """How often the run's weights do as the trigger wants, see `aspis_sim.gradients.measures.backdoor`."""
        with pinned(self.program.shape.settings.precision):
            return backdoor_success(self.program.network, *self._scored, self.seed, trigger)

    @property
    def _scored(self) -> tuple[Array, Any]:
        """Weights and running statistics, on this machine."""
        scored = (self.state.weights, self.state.statistics)
        if jax.process_count() > 1:
            scored = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), scored)
        return scored
