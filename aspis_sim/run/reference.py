"""A training run in the obvious way, to be read, and for tests to hold the fast one against.

Every copy of every gradient is an array; copies are compared in pairs, a verdict is applied copy by copy, and the
update is a mean or a rule of whole rows. What the fast path is about (views, tiles, layers, devices, compiled tables of
verdicts) is not here, nor are batch norms, augmentation and codes that are decoded.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.membership import distorted_copies
from aspis_sim.adversary.payloads import Payload, Reach
from aspis_sim.aggregation.conventions import CLIPS_RETURNED
from aspis_sim.assignment import Assignment
from aspis_sim.audits import audit_policy
from aspis_sim.audits.base import Docket
from aspis_sim.coding import CODINGS
from aspis_sim.detection import Verdict
from aspis_sim.detection.reference import Update, agreement_graph, apply_verdict
from aspis_sim.environment import pinned
from aspis_sim.evidence import evidence
from aspis_sim.partitions.base import drawn
from aspis_sim.run.reference_returns import returned_by
from aspis_sim.run.resolve import Job, resolve
from aspis_sim.run.shards import shards_of
from aspis_sim.silence import silence
from aspis_sim.silence.base import silent
from aspis_sim.spec.cell import Cell
from aspis_sim.spec.part import parse_part
from aspis_sim.streams import every_sample, own_samples, sample_order, stream


class RoundRecord(NamedTuple):
    """What a round leaves behind.

    Attributes:
        loss: mean loss of the files.
        distorted: files whose value in the update is not their honest gradient.
        lost: files that are dropped.
        excluded: bool ``[K]``, workers that are excluded.
        kappa: of the values that entered the update, NaN where there is none.
    """

    loss: float
    distorted: int
    lost: int
    excluded: NDArray[np.bool_]
    kappa: float


class _Known(NamedTuple):
    """What the server remembers: agreement graphs, and bool ``[K]``, the workers that audits have convicted.

    Of the round it knows of whom nothing has arrived, bool ``[K]``.
    """

    graphs: list[NDArray[np.bool_]]
    convicted: NDArray[np.bool_]
    silent: NDArray[np.bool_]


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
        velocity, history = np.zeros_like(weights), np.zeros((len(job.returned.files), len(weights)))
        known = _Known([], np.zeros(cell.workers, bool), np.zeros(cell.workers, bool))
        remembers = evidence(parse_part(cell.evidence).name, **parse_part(cell.evidence).options)
        rounds: list[RoundRecord] = []
        gradients, poisons = returned_by(net, cell.local_steps), job.build_payload().poisons
        lie, rule = _lie(job.build_payload()), job.build_rule()
        by_rule = jax.jit(rule.bounded or (lambda rows, kept, limit: rule(rows, kept)))
        for step, chosen in enumerate(order):
            rate = feed.rate * np.asarray(schedule(jnp.int32(step)))
            losses, honest = gradients(weights, rate, inputs[chosen], labels[chosen])
            poisoned = honest
            if poisons is not None:
                files_of = zip(inputs[chosen], labels[chosen], strict=True)
                made = [poisons(*of_file, net.example) for of_file in files_of]
                _, poisoned = gradients(weights, rate, *(jnp.stack(part) for part in zip(*made, strict=True)))
            sent = (_sent(job, np.asarray(rows)) for rows in (honest, poisoned))
            honest, poisoned = (_clipped(rows, cell.clip_workers) for rows in sent)
            if cell.worker_momentum:
                honest = history = cell.worker_momentum * history + (1 - cell.worker_momentum) * honest
            forgets = step % cell.detection_window == 0 if job.detector.windowed else remembers(step)
            if forgets:
                known = _Known([], np.zeros(cell.workers, bool), np.zeros(cell.workers, bool))
            own = _own(job, lambda chosen: gradients(weights, rate, inputs[chosen], labels[chosen])[1], samples)  # noqa: B023
            past = (1 - cell.momentum) * velocity
            update, record = _play(job, step, honest, poisoned, past, known, lie, by_rule, own)
            clip = None if cell.convention in CLIPS_RETURNED else cell.clip_server
            velocity = _clipped(update[None], clip)[0] + cell.momentum * velocity
            weights = weights - rate * velocity
            shared = files / samples if net.model.sums else 1
            rounds.append(record._replace(loss=float(np.mean(losses)) * shared))
        return weights, rounds


def _sent(job: Job, rows: NDArray[Any]) -> NDArray[Any]:
    """What workers make of the files' gradients ``[f, d]``: nothing, or each the mean of its own, ``[K, d]``."""
    if not CODINGS.traits(job.cell.coding).mixes:
        return rows
    return np.stack([rows[files].mean(0) for files in job.assignment.worker_files])


def _play(
    job: Job,
    step: int,
    honest: NDArray[Any],
    poisoned: NDArray[Any],
    past: NDArray[Any],
    known: _Known,
    lie: Callable[..., Any],
    by_rule: Callable[..., Any],
    own: NDArray[Any],
) -> tuple[NDArray[Any], RoundRecord]:
    """The update ``[d]`` of a round whose rows, files' gradients or workers' means, are ``honest`` ``[f, d]``."""
    cell, assignment, scope = job.cell, job.returned, job.build_payload().scope
    feed, key = job.feed(), jax.random.fold_in(stream(job.feed().key, "payload"), step)
    window = step // cell.adversary_window if cell.adversary_window else 0
    if cell.permute:
        places = jax.random.fold_in(stream(feed.key, "permutation"), step)
        assignment = replace(
            assignment, files=np.asarray(jax.random.permutation(places, cell.workers))[assignment.files]
        )
        distorts = distorted_copies(job.shape.lies, feed.byzantine[window][assignment.files])
    else:
        distorts = feed.distorts[window]
    of_honest = (~np.asarray(feed.byzantine[window])[assignment.files]).sum(1)
    absent = np.zeros(cell.workers, bool)
    if cell.silent:
        part = parse_part(cell.silence)
        delays = silence(part.name, **part.options)(stream(feed.key, "silence"), step, cell.workers)
        absent = np.asarray(silent(delays, jnp.asarray(feed.byzantine[window]), cell.silent))
    known = known._replace(silent=absent)
    foreseen = _foreseen(job, assignment, distorts, known)
    if scope in ("file", "file and mean", "samples"):
        beside = honest.mean(0, keepdims=True) if scope == "file and mean" else honest[:0]
        keys = [jax.random.fold_in(key, file) for file in range(len(honest))]
        besides = poisoned[:, None] if scope == "samples" else [beside] * len(honest)
        seen = [np.vstack([row, *other]) for row, other in zip(honest, besides, strict=True)]
        lies = np.stack(
            [lie(rows, own_key, foreseen, of_honest, past) for rows, own_key in zip(seen, keys, strict=True)]
        )
    else:
        lies = np.broadcast_to(lie(honest, key, foreseen, of_honest, past), honest.shape)
    if cell.convention in CLIPS_RETURNED:
        honest, lies = _clipped(honest, cell.clip_server), _clipped(lies, cell.clip_server)
    copies = np.where(distorts[..., None], lies[:, None], honest[:, None])  # [f, r, d]
    tokens = np.stack([_tokens(of_file, cell.tolerance) for of_file in copies])
    known.graphs.append(agreement_graph(assignment, tokens, absent))
    audited = _audited(job, step, assignment, tokens, copies, honest, known) if cell.audits else None
    if audited is not None:
        tokens = np.where(audited[:, None], 0, tokens)
        copies = np.where(audited[:, None, None], honest[:, None], copies)
    verdict, taken, slot, limit = _judged(job, assignment, tokens, known, audited)
    values = copies[np.arange(len(copies)), slot]
    if taken.plain_mean and cell.after_detection != "rule":
        update = values[taken.kept].sum(0) / max(1, taken.kept.sum())
    else:
        kept = taken.kept if job.may_drop_files else None
        if job.build_rule().shuffles:
            shuffled = np.asarray(
                jax.random.permutation(jax.random.fold_in(stream(feed.key, "buckets"), step), len(values))
            )
            update = np.asarray(by_rule(values[shuffled], None if kept is None else kept[shuffled], limit))
        else:
            rows, those = values, kept
            if job.build_rule().own_samples:
                rows = np.vstack([own, values])
                those = None if kept is None else np.append(True, kept)
            update = np.asarray(by_rule(rows, those, limit))
    false = distorts[np.arange(len(slot)), slot] & (values != honest).any(1)
    kappa = _kappa(update, honest[taken.kept & ~false])
    counts = int((false & taken.kept).sum()), int((~taken.kept).sum())
    return update, RoundRecord(0.0, *counts, ~verdict.honest, kappa)


def _kappa(update: NDArray[Any], honest: NDArray[Any]) -> float:
    """How far the update is from the mean of honest rows ``[n, d]``, by how far they are from it."""
    away = honest - honest.mean(0)
    return float(np.sum((update - honest.mean(0)) ** 2) / np.mean(np.sum(away**2, axis=1))) if len(away) > 1 else np.nan


def _own(job: Job, gradients: Callable[..., Any], samples: int) -> NDArray[Any]:
    """The gradient ``[d]`` that the server computes on its own samples; empty for a rule that needs none."""
    wanted = job.build_rule().own_samples
    if not wanted:
        return np.zeros(0)
    return np.asarray(gradients(own_samples(job.feed().key, samples, wanted, job.samples_per_file))).mean(0)


def _judged(
    job: Job, assignment: Assignment, tokens: NDArray[Any], known: _Known, audited: NDArray[np.bool_] | None = None
) -> tuple[Verdict, Update, NDArray[Any], int]:
    """The verdict on all graphs that are remembered, up to this round's, what it makes of the copies, the slot ``[f]``
    of each file's value, and the most distorted files that the rule may meet."""
    innocent = ~known.convicted
    graph = np.logical_and.reduce(known.graphs) & innocent[:, None] & innocent[None, :]
    verdict, left = job.decide(graph | np.eye(len(graph), dtype=bool))
    taken = apply_verdict(verdict, assignment, tokens, audited, known.silent)
    counts = (verdict.honest & ~known.silent)[assignment.files]
    if audited is not None:
        counts |= audited[:, None]
    slot = np.argmax((tokens == taken.tokens[:, None]) & counts, axis=1)
    limit = left if job.detector.detects and not job.detector.windowed else job.distortable
    return verdict, taken, slot, limit


def _audited(
    job: Job,
    step: int,
    assignment: Assignment,
    tokens: NDArray[Any],
    copies: NDArray[Any],
    honest: NDArray[Any],
    known: _Known,
) -> NDArray[np.bool_]:
    """The files ``[f]`` that the server computes itself; whoever returned something else is convicted."""
    cell, audited, files = job.cell, np.zeros(len(tokens), bool), assignment.files
    order = audit_policy(parse_part(cell.audit_policy).name, **parse_part(cell.audit_policy).options)
    draws = jax.random.uniform(jax.random.fold_in(stream(job.feed().key, "audits"), step), (cell.audits, len(tokens)))
    finite = np.isfinite(copies).all(2)
    for draw in np.asarray(draws):
        live = ~(known.convicted | known.silent)[files]
        disputed = np.array(
            [len(set(one[who])) > 1 or not good[who].all() for one, who, good in zip(tokens, live, finite, strict=True)]
        )
        owners, spare = live.sum(1), job.believed_q - int(known.convicted.sum())
        docket = Docket(*map(jnp.asarray, (disputed, ~disputed & (owners > 0) & (owners <= spare), owners == 0)))
        file = int(np.argmax(np.where(audited, -1, np.asarray(order(docket)) + draw)))
        audited[file] = True
        if np.isfinite(honest[file]).all():
            false = np.array([not _equal(copy, honest[file], cell.tolerance) for copy in copies[file]])
            known.convicted[files[file][false & ~known.silent[files[file]]]] = True
    return audited


def _foreseen(job: Job, assignment: Assignment, distorts: NDArray[np.bool_], known: _Known) -> Reach:
    """What becomes of lies that are finite and differ from the honest gradients."""
    tokens = distorts.astype(int)
    graphs = [*known.graphs, agreement_graph(assignment, tokens, known.silent)]
    _, taken, slot, limit = _judged(job, assignment, tokens, known._replace(graphs=graphs))
    averages = taken.plain_mean and job.cell.after_detection != "rule"
    return Reach(
        lies=jnp.asarray(distorts[np.arange(len(distorts)), slot]),
        kept=jnp.asarray(taken.kept) if job.may_drop_files else None,
        averaged=jnp.asarray(taken.kept & averages),
        distortable=limit,
        finite=distorts.shape[1] > 1,
    )


def _lie(payload: Payload) -> Callable[..., Any]:
    """From honest rows, a key, what becomes of lies, honest copies of each file and the past to the payload's lie."""

    @jax.jit
    def lie(rows: Any, key: Any, reach: Reach, copies: Any, past: Any) -> Any:
        return payload.of_copies(copies).aimed_at(reach).knowing(past)(rows, key)

    return lie


def _tokens(copies: NDArray[Any], tolerance: float) -> list[int]:
    """For each copy ``[r, d]`` the lowest slot whose copy is equal; one that equals nothing has its own."""
    slots = range(len(copies))
    return [next((a for a in slots if _equal(copies[a], copies[b], tolerance)), b) for b in slots]


def _equal(one: NDArray[Any], other: NDArray[Any], tolerance: float) -> bool:
    """Whether two vectors are equal: none with a NaN or an Inf is equal to anything."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    norm = np.linalg.norm
    return bool(norm(one - other) <= tolerance * max(norm(one), norm(other)))


def _clipped(rows: NDArray[Any], radius: float | None) -> NDArray[Any]:
    """Rows ``[n, d]``, those longer than ``radius`` scaled down to it."""
    if radius is None:
        return rows
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows * np.where(norms > radius, radius / norms, 1)
