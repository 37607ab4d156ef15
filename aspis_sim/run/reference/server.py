"""What the server remembers, audits and concludes in the readable run."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from aspis_sim.adversary.payloads import Reach
from aspis_sim.assignment import Assignment
from aspis_sim.audits import audit_policy
from aspis_sim.audits.base import Docket
from aspis_sim.detection import Verdict
from aspis_sim.detection.reference import Update, agreement_graph, apply_verdict
from aspis_sim.run.resolve import Job
from aspis_sim.spec.part import parse_part
from aspis_sim.streams import stream


class Known(NamedTuple):
    """What the server remembers: agreement graphs, and bool ``[K]``, the workers that audits have convicted.

    Of the round it knows of whom nothing has arrived, bool ``[K]``.
    """

    graphs: list[NDArray[np.bool_]]
    convicted: NDArray[np.bool_]
    silent: NDArray[np.bool_]


def judged(
    job: Job, assignment: Assignment, tokens: NDArray[Any], known: Known, audited: NDArray[np.bool_] | None = None
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


def audited_files(
    job: Job,
    step: int,
    assignment: Assignment,
    tokens: NDArray[Any],
    copies: NDArray[Any],
    honest: NDArray[Any],
    known: Known,
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


def foreseen_by(job: Job, assignment: Assignment, distorts: NDArray[np.bool_], known: Known) -> Reach:
    """What becomes of lies that are finite and differ from the honest gradients."""
    tokens = distorts.astype(int)
    graphs = [*known.graphs, agreement_graph(assignment, tokens, known.silent)]
    _, taken, slot, limit = judged(job, assignment, tokens, known._replace(graphs=graphs))
    averages = taken.plain_mean and job.cell.after_detection != "rule"
    return Reach(
        lies=jnp.asarray(distorts[np.arange(len(distorts)), slot]),
        kept=jnp.asarray(taken.kept) if job.may_drop_files else None,
        averaged=jnp.asarray(taken.kept & averages),
        distortable=limit,
        finite=distorts.shape[1] > 1,
    )


def tokens_of(copies: NDArray[Any], tolerance: float) -> list[int]:
    """For each copy ``[r, d]`` the lowest slot whose copy is equal; one that equals nothing has its own."""
    slots = range(len(copies))
    return [next((a for a in slots if _equal(copies[a], copies[b], tolerance)), b) for b in slots]


def _equal(one: NDArray[Any], other: NDArray[Any], tolerance: float) -> bool:
    """Whether two vectors are equal: none with a NaN or an Inf is equal to anything."""
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    norm = np.linalg.norm
    return bool(norm(one - other) <= tolerance * max(norm(one), norm(other)))
