"""Who does what in a step: who is Byzantine, who holds which file, who lies, and of whom nothing arrives."""

from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
from jax import Array

from aspis_sim.adversary.membership import distorted_copies
from aspis_sim.assignment import Assignment
from aspis_sim.silence.base import Silence, silent
from aspis_sim.simulation.shape import RunShape
from aspis_sim.simulation.state import Feed
from aspis_sim.streams import stream


class Roles(NamedTuple):
    """Who does what in a step.

    Attributes:
        byzantine: bool ``[K]``.
        files: int ``[f, r]``, the workers of each file.
        distorts: bool ``[f, r]``, which copies are distorted.
        silent: bool ``[K]``, honest workers of whom nothing arrives; None where all are waited for.
    """

    byzantine: Array
    files: Array
    distorts: Array
    silent: Array | None

    def lying(self, lie: Array | bool) -> Self:
        """The same where Byzantine workers distort what they would if ``lie`` holds, else nothing."""
        return self._replace(distorts=self.distorts & lie)


def roles_of(shape: RunShape, assignment: Assignment, delays: Silence, step: Array, feed: Feed) -> Roles:
    """The roles of a step.

    Args:
        shape: of the run.
        assignment: of rows to workers, before any of them change places.
        delays: how long each worker takes.
        step: its number.
        feed: of the run.
    """
    settings, points = shape.settings, jnp.asarray(assignment.files)
    window = step // settings.adversary_window if settings.adversary_window else 0
    byzantine, absent = jnp.asarray(feed.byzantine)[window], None
    if settings.silent:
        taken = delays(stream(feed.key, "silence"), step, settings.workers)
        absent = silent(taken, byzantine, settings.silent)
    if not settings.permute:
        return Roles(byzantine, points, jnp.asarray(feed.distorts)[window], absent)
    places = jax.random.fold_in(stream(feed.key, "permutation"), step)
    files = jax.random.permutation(places, settings.workers)[points]
    return Roles(byzantine, files, distorted_copies(shape.lies, byzantine[files]), absent)
