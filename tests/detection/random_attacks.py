"""Attacks drawn at random, of many kinds, and the claims that detectors make checked on each."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from aspis_sim.assignment import Assignment, build
from aspis_sim.detection import DETECTORS, Outcome
from aspis_sim.detection.reference import agreement_graph, apply_verdict

SYSTEMS = (
    *(("subset", workers, 3) for workers in (3, 5, 6, 7, 8, 9, 10, 11, 13, 15)),
    *(("subset", workers, 5) for workers in (5, 7, 8, 9, 10)),
    ("repetition", 9, 3),
    ("repetition", 15, 5),
    ("mols", 15, 3),
    ("baseline", 7, 1),
)


@dataclass(frozen=True, eq=False)
class Attack:
    """Who is Byzantine (bool ``[K]``, at most q) and the values of all copies (int ``[f, r]``, 0: honest)."""

    assignment: Assignment
    q: int
    byzantine: NDArray[np.bool_]
    tokens: NDArray[np.int64]


@cache
def system(name: str, workers: int, redundancy: int) -> Assignment:
    return build(name, workers=workers, redundancy=redundancy)


def random_attacks(seed: int, count: int) -> Iterator[Attack]:
    """Draw the system, q, who is Byzantine and how they lie, anew for each attack."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        assignment = system(*SYSTEMS[generator.integers(len(SYSTEMS))])
        workers = assignment.workers
        q = int(generator.integers(1, max(2, (workers + 1) // 2)))
        size = q if generator.random() < 0.8 else int(generator.integers(q + 1))
        order = generator.permutation(workers)
        yield _drawn(generator, assignment, q, order, size)


def more_steps(attack: Attack, seed: int, count: int) -> Iterator[Attack]:
    """Other lies of the same workers."""
    generator = np.random.default_rng(seed)
    liars, honest = np.flatnonzero(attack.byzantine), np.flatnonzero(~attack.byzantine)
    for _ in range(count):
        order = np.concatenate([generator.permutation(liars), generator.permutation(honest)])
        yield _drawn(generator, attack.assignment, attack.q, order, len(liars))


def _drawn(
    generator: np.random.Generator, assignment: Assignment, q: int, order: NDArray[np.int64], size: int
) -> Attack:
    byzantine = np.isin(np.arange(assignment.workers), order[:size])
    held = byzantine[assignment.files]
    lies = held & _chosen(generator, assignment, order, size)
    # One common lie, several, or values that equal nothing: each such copy has a token of its own.
    kinds = int(generator.integers(1, 4))
    values = generator.integers(1, 1 + kinds, size=held.shape)
    if generator.random() < 0.1:
        values = np.arange(1, 1 + held.size).reshape(held.shape)
    return Attack(assignment, q, byzantine, np.where(lies, values, 0))


def _chosen(
    generator: np.random.Generator, assignment: Assignment, order: NDArray[np.int64], size: int
) -> NDArray[np.bool_]:
    """Bool ``[f, r]``: copies that would lie if their worker were Byzantine."""
    files, shape = assignment.files, assignment.files.shape
    kind = generator.integers(5)
    if kind == 0:  # every copy on its own
        return generator.random(shape) < generator.random()
    if kind == 1:  # every worker with a habit
        return generator.random(shape) < generator.random(assignment.workers)[files]
    if kind == 2:  # whole files
        return np.broadcast_to(generator.random((shape[0], 1)) < generator.random(), shape)
    # Files held only by Byzantines and some honest workers, which are framed; all or most of these files.
    framed = int(generator.integers(0, size + 2))
    inside = np.isin(files, order[: size + framed]).all(axis=1, keepdims=True)
    keep = generator.random((shape[0], 1)) < generator.random() if kind == 3 else True
    return np.broadcast_to(inside & keep, shape)


def broken_claims(
    attack: Attack, seen: NDArray[np.bool_] | None = None, silent: NDArray[np.bool_] | None = None
) -> list[str]:
    """The claims that this attack refutes, by name: none, if the proofs are right.

    Args:
        attack: of one step.
        seen: agreement graph of the same workers' earlier steps; None for none.
        silent: bool ``[K]``, honest workers of whom nothing has arrived; None for none.
    """
    assignment, q = attack.assignment, attack.q
    graph = agreement_graph(assignment, attack.tokens, silent)
    graph = graph if seen is None else graph & seen
    absent = np.zeros(assignment.workers, bool) if silent is None else silent
    unanswered = (attack.byzantine | absent)[assignment.files].all(axis=1)
    alone = int((unanswered & ~absent[assignment.files].all(axis=1)).sum())
    broken = []
    for name in ("sound", "certified", "unanimous", "minimax"):
        verdict = DETECTORS[name](graph, max_byzantine=q, assignment=assignment)
        update = apply_verdict(verdict, assignment, attack.tokens, silent=silent)
        distorted = int((update.kept & (update.tokens != 0)).sum())
        if verdict.outcome is Outcome.OVER_BUDGET:
            broken.append(f"{name}: the truth is a hypothesis")
        if (~verdict.honest & ~attack.byzantine).any():
            broken.append(f"{name}: no honest worker is excluded")
        if verdict.outcome is Outcome.UNIQUE and (distorted or (verdict.honest == attack.byzantine).any()):
            broken.append(f"{name}: a unique hypothesis is the truth")
        if name != "sound" and update.plain_mean and distorted:
            broken.append(f"{name}: a certified value is honest")
        if name != "sound" and distorted > alone:
            broken.append(f"{name}: a distorted file has only Byzantine workers")
        share = Fraction(comb(q, assignment.redundancy), len(assignment.files))
        if name == "minimax" and assignment.complete and silent is None and distorted > share * update.kept.sum():
            broken.append(f"{name}: at most C(q, r) / C(K, r) of the kept files are distorted")
    return broken
