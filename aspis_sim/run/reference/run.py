"""The readable run itself, from the first step to the last."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.timing import timing
from aspis_sim.aggregation.conventions import CLIPS_RETURNED
from aspis_sim.environment import pinned
from aspis_sim.evidence import evidence
from aspis_sim.partitions.base import drawn
from aspis_sim.run.reference.ahead import Course, prospect_by
from aspis_sim.run.reference.descent import descent
from aspis_sim.run.reference.returns import clipped, own_row, returned_by, sent_by
from aspis_sim.run.reference.round import RoundRecord, lie_of, play
from aspis_sim.run.reference.server import Known
from aspis_sim.run.resolve import resolve
from aspis_sim.run.shards import shards_of
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import parse_part
from aspis_sim.streams import every_sample, sample_order, stream


def reference_run(cell: Cell) -> tuple[NDArray[Any], list[RoundRecord]]:
    """The final weights ``[d]`` of a cell, and its rounds."""
    with pinned(cell.precision):
        job = resolve(cell)
        net, feed, schedule = job.network, job.feed(), job.build_schedule()
        inputs, labels = net.train(cell.seed)
        files, samples = len(job.assignment.files), len(net.example.labels["train"])
        if (shards := shards_of(job)) is not None:
            order = drawn(shards, job.samples_per_file, cell.steps, cell.seed).reshape(cell.steps, files, -1)
        elif net.example.full_batch:
            order = np.tile(every_sample(samples, files), (cell.steps, 1, 1))
        else:
            taken = sample_order(stream(feed.key, "data"), samples, cell.steps * job.batch_size)
            order = np.asarray(taken).reshape(cell.steps, files, job.samples_per_file)
        weights = np.asarray(net.initial(feed.key, cell.seed))
        server = descent(job)
        state, history = server.begin(weights), np.zeros((len(job.returned.files), len(weights)))
        known = Known([], np.zeros(cell.workers, bool), np.zeros(cell.workers, bool))
        remembers = evidence(parse_part(cell.evidence).name, **parse_part(cell.evidence).options)
        when = timing(parse_part(cell.timing).name, **parse_part(cell.timing).options)
        rounds: list[RoundRecord] = []
        gradients, poisons = returned_by(net, cell.local_steps), job.build_payload().poisons
        lie, rule = lie_of(job.build_payload(), prospect_by(job, order, inputs, labels)), job.build_rule()
        by_rule = jax.jit(rule.bounded or (lambda rows, kept, limit: rule(rows, kept)))
        for step, chosen in enumerate(order):
            course = Course(weights, state, history, step)
            rate = feed.rate * np.asarray(schedule(jnp.int32(step)))
            losses, honest = gradients(weights, rate, inputs[chosen], labels[chosen])
            poisoned = honest
            if poisons is not None:
                files_of = zip(inputs[chosen], labels[chosen], strict=True)
                made = [poisons(*of_file, net.example) for of_file in files_of]
                _, poisoned = gradients(weights, rate, *(jnp.stack(part) for part in zip(*made, strict=True)))
            sent = (sent_by(job, np.asarray(rows)) for rows in (honest, poisoned))
            honest, poisoned = (np.asarray(clipped(rows, cell.clip_workers)) for rows in sent)
            if cell.worker_momentum:
                honest = history = cell.worker_momentum * history + (1 - cell.worker_momentum) * honest
            forgets = step % cell.detection_window == 0 if job.detector.windowed else remembers(step)
            if forgets:
                known = Known([], np.zeros(cell.workers, bool), np.zeros(cell.workers, bool))
            own = own_row(job, lambda chosen: gradients(weights, rate, inputs[chosen], labels[chosen])[1], samples)  # noqa: B023
            exposed = np.array([step < len(rounds) and rounds[step].exposed for step in range(cell.steps)])
            lying = bool(when(step, cell.steps, exposed))
            update, record = play(job, step, honest, poisoned, course, known, lie, by_rule, own, lying)
            clip = None if cell.convention in CLIPS_RETURNED else cell.clip_server
            direction, state = server.along(np.asarray(clipped(update[None], clip))[0], state, weights)
            weights = weights - rate * np.asarray(direction)
            shared = files / samples if net.model.sums else 1
            rounds.append(record._replace(loss=float(np.mean(losses)) * shared))
        return weights, rounds
