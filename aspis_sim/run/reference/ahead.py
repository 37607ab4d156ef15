"""What an adversary can work out of the steps to come of the readable run."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.payloads import Prospect
from aspis_sim.aggregation.conventions import CLIPS_RETURNED
from aspis_sim.run.reference.descent import descent
from aspis_sim.run.reference.returns import clipped, returned_by, sent_by
from aspis_sim.run.resolve import Job
from aspis_sim.streams import stream


class Course(NamedTuple):
    """What steps change: weights ``[d]``, the optimizer's state, the workers' momentum ``[f, d]``, the step."""

    weights: Any
    optimizer: Any
    history: Any
    step: Any


def prospect_by(job: Job, order: NDArray[Any], inputs: Any, labels: Any) -> Callable[[Course], Prospect]:
    """From a course to its prospect; ``order`` int ``[steps, f, samples]`` are the samples of every step."""
    cell, net, feed, schedule = job.cell, job.network, job.feed(), job.build_schedule()
    gradients, clips_returned = returned_by(net, cell.local_steps), cell.convention in CLIPS_RETURNED
    data, model = net.samples(cell.seed), net.model.scoring()
    byzantine, server = jnp.asarray(feed.byzantine), descent(job)

    def rate(course: Course) -> Any:
        return feed.rate * schedule(course.step)

    def returned(course: Course, given: Any, named: Any) -> Any:
        sent = sent_by(job, gradients(course.weights, rate(course), given, named)[1])
        return clipped(sent, cell.clip_workers)

    def samples(course: Course) -> tuple[Any, Any]:
        chosen = jnp.asarray(order)[course.step]
        return inputs[chosen], labels[chosen]

    def rows(course: Course) -> tuple[Any, Course]:
        made = returned(course, *samples(course))
        if not cell.worker_momentum:
            return made, course
        made = cell.worker_momentum * course.history + (1 - cell.worker_momentum) * made
        return made, course._replace(history=made)

    def poisoned(course: Course, poisons: Any) -> Any:
        return returned(course, *jax.vmap(lambda given, named: poisons(given, named, net.example))(*samples(course)))

    def moved(course: Course, update: Any) -> Course:
        update = clipped(update[None], None if clips_returned else cell.clip_server)[0]
        direction, state = server.along(update, course.optimizer, course.weights)
        return Course(course.weights - rate(course) * direction, state, course.history, course.step + 1)

    def loss(weights: Any, number: int | None) -> Any:
        given, named = data.inputs["validation"], data.labels["validation"]
        if number is not None and number < len(named):
            chosen = np.arange(number) * len(named) // number
            given, named = given[chosen], named[chosen]
        return model.mean_loss(net.unravel(weights), net.prepared(given), jnp.asarray(named))

    def prospect(course: Course) -> Prospect:
        return Prospect(
            course=course,
            moved=moved,
            rows=rows,
            key=lambda course: jax.random.fold_in(stream(feed.key, "payload"), course.step),
            poisoned=poisoned,
            past=lambda course: server.past(course.optimizer),
            received=lambda rows: clipped(rows, cell.clip_server if clips_returned else None),
            weights=lambda course: course.weights,
            loss=loss,
            byzantine=byzantine[course.step // cell.adversary_window if cell.adversary_window else 0],
            left=cell.steps - course.step,
        )

    return prospect
