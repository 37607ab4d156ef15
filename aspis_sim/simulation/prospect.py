"""What an adversary that knows data, model and server can work out of the steps to come."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from aspis_sim.adversary.payloads import Prospect
from aspis_sim.adversary.payloads.base import Poisons
from aspis_sim.data import differs_by_run
from aspis_sim.gradients.clipping import clip_one
from aspis_sim.gradients.momentum import History
from aspis_sim.gradients.network import Network
from aspis_sim.gradients.source import Gradients
from aspis_sim.models.base import in_float32
from aspis_sim.simulation.exchange import Batch
from aspis_sim.simulation.round import Round
from aspis_sim.simulation.server.moving import Mover


class Course(NamedTuple):
    """What steps change.

    Attributes:
        weights: float ``[d]``.
        optimizer: the server's own state.
        history: of the workers' momentum, empty without.
        step: number of the step.
    """

    weights: Array
    optimizer: Any
    history: History
    step: Array


def prospect_of(
    course: Course,
    one_round: Round,
    network: Network,
    server: Mover,
    rate: Callable[[Array], Array],
    batch_of: Callable[[Course], Batch],
    key_of: Callable[[Array], Array],
    byzantine: Array,
    left: Array,
) -> Prospect:
    """The prospect of a step. The running statistics of batch norms stay as they are.

    The loss is that on validation data. Data that are drawn anew in every run are known to the program by the training
    samples alone, on which the loss is measured then.

    Args:
        course: before the step.
        one_round: of the run.
        network: the model on its data.
        server: how the weights move.
        rate: from the number of a step to its learning rate.
        batch_of: from a course to the batch of its step.
        key_of: from the number of a step to the key of its payload.
        byzantine: bool ``[K]``, who lies.
        left: steps left in the run, this one among them.
    """
    radius, batch = one_round.clip_returned, batch_of(course)
    clip = lambda rows: rows if radius is None else jax.vmap(lambda row: clip_one(row, radius))(rows)  # noqa: E731

    def moved(course: Course, update: Array) -> Course:
        weights, optimizer = server.moved(course.weights, course.optimizer, update, rate(course.step))
        return Course(weights, optimizer, course.history, course.step + 1)

    def rows(course: Course) -> tuple[Array, Course]:
        history, made = _returned(one_round, batch_of(course))
        return in_float32(made), course._replace(history=history)

    def loss(weights: Array, samples: int | None) -> Array:
        inputs, labels = _judging(network, batch, samples)
        return network.loss_at(weights, batch.statistics, inputs, labels)

    return Prospect(
        course=course,
        moved=moved,
        rows=rows,
        key=lambda course: key_of(course.step),
        poisoned=lambda course, poisons: in_float32(_poisoned(one_round, batch_of(course), poisons)),
        past=lambda course: server.past(course.optimizer),
        received=clip,
        weights=lambda course: course.weights,
        loss=loss,
        byzantine=byzantine,
        left=left,
    )


def _returned(one_round: Round, batch: Batch) -> tuple[History, Array]:
    """The workers' history after a round, and what honest workers return in it, ``[f, d]`` on every device."""
    history, gradients = one_round.honest(batch, True)
    made = _whole(one_round, gradients)
    return history, made[one_round.copy_positions()[:, 0]] if one_round.replicated else made


def _poisoned(one_round: Round, batch: Batch, poisons: Poisons) -> Array:
    """The gradients ``[f, d]`` of the batch's files on poisoned samples, on every device."""
    poison = jax.vmap(lambda inputs, labels: poisons(inputs, labels, one_round.data))
    return _whole(one_round, one_round.gradients(batch, jnp.arange(len(batch.files)), True, poison))


def _whole(one_round: Round, gradients: Gradients) -> Array:
    return one_round.source.axis.gather(gradients.form(0, 0), gradients.layout.bands[0].width)


def _judging(network: Network, batch: Batch, samples: int | None) -> tuple[Array, Array]:
    """Inputs and labels on which the loss is measured, evenly chosen."""
    part = "train" if differs_by_run(network.dataset) else "validation"
    given, named = network.example.inputs[part], network.example.labels[part]
    chosen = np.arange(len(named))
    if samples is not None and samples < len(named):
        chosen = np.arange(samples) * len(named) // samples
    if part == "train":
        return batch.inputs[chosen], batch.labels[chosen]
    return jnp.asarray(given[chosen]), jnp.asarray(named[chosen])
