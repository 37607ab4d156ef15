"""What the farsighted payload tries, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import Array
from numpy.typing import NDArray

from aspis_sim.adversary.payloads.base import Reach
from aspis_sim.adversary.payloads.families import ratio_of, tried

GRID, BEST, POLICY, SHORT, ANSWER = range(5)
"""What is tried: a family with a strength; factors of the best strength; a family in all steps ahead; the best of a
family now and the best policy later; the best of all, as the answer."""


class Scene(NamedTuple):
    """What the lies of a step are made from.

    Attributes:
        rows: honest ones ``[n, d]``.
        key: of the step.
        reach: of the lies.
        past: what the server last moved the weights along ``[d]``.
        towards: where the update should go, ``[d]``, for the families that are aimed.
        poisoned: from what a payload poisons to the rows ``[n, d]``.
        byzantine: bool ``[K]``, who lies.
    """

    rows: Array
    key: Array
    reach: Reach
    past: Array
    towards: Array
    poisoned: Callable[[Any], Array]
    byzantine: Array


class Family(NamedTuple):
    """Lies that differ in a strength.

    Attributes:
        told: from a strength and a scene to lies ``[n or 1, d]``.
        strengths: own ones; none for a family without a strength.
        directed: whether it is aimed; these families come first.
    """

    told: Callable[[Array, Scene], Array]
    strengths: tuple[float, ...] = ()
    directed: bool = False


class Search(NamedTuple):
    """How lies are searched.

    Attributes:
        ahead: steps after which the loss counts.
        evaluations: strengths per family in the grid, and again around the best.
        turns: how often the lies are aimed anew from where the best ones lead.
        ascent: steps of gradient ascent.
        samples: of the validation data; None for all.
    """

    ahead: int = 1
    evaluations: int = 16
    turns: int = 2
    ascent: int = 0
    samples: int | None = None


class Plan(NamedTuple):
    """What is tried, one after the other, each ``[attempts]``.

    Attributes:
        mode: one of the modes above.
        start: index of a family.
        strength: within the family, or a factor.
        anew: whether the lies are aimed anew before it.
    """

    mode: NDArray[np.intp]
    start: NDArray[np.intp]
    strength: NDArray[np.float64]
    anew: NDArray[np.bool_]


def plan_of(lying: Sequence[Family], how: Search) -> Plan:
    """All families with all strengths, the best of them refined, and the directed ones again for each turn.

    With steps ahead, every family with its own strengths in both senses then is a policy, and the best of every family
    is followed by the best policy.
    """
    own = [family.strengths for family in lying]
    every = tried(own, how.evaluations)
    directed = tried([family.strengths for family in lying if family.directed], how.evaluations)
    ratio, none = ratio_of(how.evaluations), np.zeros(how.evaluations, int)
    factors = np.geomspace(1 / ratio, ratio, how.evaluations)
    parts = [(GRID, *every, False), (BEST, none, factors, False)]
    parts += [(GRID, *directed, True), (BEST, none, factors, False)] * how.turns
    if how.ahead > 1:
        both = [(*sizes, *(-size for size in sizes)) or (0.0,) for sizes in own]
        policies = np.repeat(np.arange(len(own)), [len(sizes) for sizes in both])
        parts.append((POLICY, policies, np.concatenate(both), False))
        parts.append((SHORT, np.arange(len(own)), np.zeros(len(own)), False))
    parts.append((ANSWER, np.zeros(1, int), np.zeros(1), False))
    sizes = [len(starts) for _, starts, _, _ in parts]
    anew = np.zeros(sum(sizes), bool)
    anew[[sum(sizes[:place]) for place, part in enumerate(parts) if part[3]]] = True
    return Plan(
        np.repeat([mode for mode, *_ in parts], sizes),
        np.concatenate([starts for _, starts, _, _ in parts]),
        np.concatenate([strengths for _, _, strengths, _ in parts]),
        anew,
    )


def past_factors(plan: Plan) -> NDArray[np.int32]:
    """For each attempt, and the end, the first from it on that is no factor of the best strength: ``[attempts + 1]``.

    That is where to go on when the best lies have no strength.
    """
    end = len(plan.mode)
    there = np.append(np.where(plan.mode == BEST, end, np.arange(end)), end)
    return np.minimum.accumulate(there[::-1])[::-1].astype(np.int32)
