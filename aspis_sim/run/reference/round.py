"""One round of the readable run: lies, copies, a verdict, an update."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.membership import distorted_copies
from aspis_sim.adversary.payloads import Payload, Prospect, Reach
from aspis_sim.aggregation.conventions import CLIPS_RETURNED
from aspis_sim.detection.reference import agreement_graph
from aspis_sim.run.reference.ahead import Course
from aspis_sim.run.reference.returns import clipped
from aspis_sim.run.reference.server import Known, audited_files, foreseen_by, judged, tokens_of
from aspis_sim.run.resolve import Job
from aspis_sim.silence import silence
from aspis_sim.silence.base import silent
from aspis_sim.spec.part import parse_part
from aspis_sim.streams import stream


class RoundRecord(NamedTuple):
    """What a round leaves behind.

    Attributes:
        loss: mean loss of the files.
        distorted: files whose value in the update is not their honest gradient.
        lost: files that are dropped.
        excluded: bool ``[K]``, workers that are excluded.
        exposed: whether a Byzantine worker is among them.
        kappa: of the values that entered the update, NaN where there is none.
    """

    loss: float
    distorted: int
    lost: int
    excluded: NDArray[np.bool_]
    exposed: bool
    kappa: float


def play(
    job: Job,
    step: int,
    honest: NDArray[Any],
    poisoned: NDArray[Any],
    course: Course,
    known: Known,
    lie: Callable[..., Any],
    by_rule: Callable[..., Any],
    own: NDArray[Any],
    lying: bool,
) -> tuple[NDArray[Any], RoundRecord]:
    """The update ``[d]`` of a round whose rows, files' gradients or workers' means, are ``honest`` ``[f, d]``.

    Byzantine workers return the truth unless they are ``lying`` in it.
    """
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
    if not lying:
        distorts = np.zeros_like(distorts)
    of_honest = (~np.asarray(feed.byzantine[window])[assignment.files]).sum(1)
    absent = np.zeros(cell.workers, bool)
    if cell.silent:
        part = parse_part(cell.silence)
        delays = silence(part.name, **part.options)(stream(feed.key, "silence"), step, cell.workers)
        absent = np.asarray(silent(delays, jnp.asarray(feed.byzantine[window]), cell.silent))
    known = known._replace(silent=absent)
    foreseen = foreseen_by(job, assignment, distorts, known)
    if scope in ("file", "file and mean", "samples"):
        beside = honest.mean(0, keepdims=True) if scope == "file and mean" else honest[:0]
        keys = [jax.random.fold_in(key, file) for file in range(len(honest))]
        besides = poisoned[:, None] if scope == "samples" else [beside] * len(honest)
        seen = [np.vstack([row, *other]) for row, other in zip(honest, besides, strict=True)]
        lies = np.stack(
            [lie(rows, own_key, foreseen, of_honest, course) for rows, own_key in zip(seen, keys, strict=True)]
        )
    else:
        lies = np.broadcast_to(lie(honest, key, foreseen, of_honest, course), honest.shape)
    if cell.convention in CLIPS_RETURNED:
        honest, lies = (np.asarray(clipped(rows, cell.clip_server)) for rows in (honest, lies))
    copies = np.where(distorts[..., None], lies[:, None], honest[:, None])  # [f, r, d]
    tokens = np.stack([tokens_of(of_file, cell.tolerance) for of_file in copies])
    known.graphs.append(agreement_graph(assignment, tokens, absent))
    audited = audited_files(job, step, assignment, tokens, copies, honest, known) if cell.audits else None
    if audited is not None:
        tokens = np.where(audited[:, None], 0, tokens)
        copies = np.where(audited[:, None, None], honest[:, None], copies)
    verdict, taken, slot, limit = judged(job, assignment, tokens, known, audited)
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
    exposed = bool((~verdict.honest & feed.byzantine[window]).any())
    return update, RoundRecord(0.0, *counts, ~verdict.honest, exposed, kappa)


def _kappa(update: NDArray[Any], honest: NDArray[Any]) -> float:
    """How far the update is from the mean of honest rows ``[n, d]``, by how far they are from it."""
    if len(honest) < 2:
        return np.nan
    mean = honest.mean(0)
    return float(np.sum((update - mean) ** 2) / np.mean(np.sum((honest - mean) ** 2, axis=1)))


def lie_of(payload: Payload, prospect: Callable[[Course], Prospect]) -> Callable[..., Any]:
    """From honest rows, a key, what becomes of lies, honest copies of each file and the course to the payload's lie."""

    @jax.jit
    def lie(rows: Any, key: Any, reach: Reach, copies: Any, course: Course) -> Any:
        seen = prospect(course)
        told = payload.of_copies(copies).aimed_at(reach).ahead_of(reach, seen)
        return told.knowing(seen.past(course))(rows, key)

    return lie
