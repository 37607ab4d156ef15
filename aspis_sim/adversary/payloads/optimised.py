"""The optimised payload: it searches for the lie that moves a given rule the most."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from aspis_sim.adversary.payloads.alie import deviation
from aspis_sim.adversary.payloads.base import Payload
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule
from aspis_sim.errors import InputError

FIXED = (("alie", 0, 1.5), ("inner_product", 1, -2.0), ("sign_flip", 1, -1.0))
"""The fixed choices to beat, with ByzFL's strengths: name, direction, strength along it."""


class Found(NamedTuple):
    """What the search found.

    Attributes:
        lie: float ``[d]``, what all Byzantine rows return.
        deviation: ‖rule(honest and lies) - honest mean‖ with it.
        fixed: the largest deviation of the fixed choices: ALIE with 1.5 sample standard deviations, inner
            product with 2, and sign flip.
        gain: deviation / fixed; never less than 1, since the search starts from the fixed choices. Inf if
            those move nothing.
    """

    lie: Array
    deviation: Array
    fixed: Array
    gain: Array


def search(rows: Array, rule: Rule, byzantine: int, evaluations: int = 24, ascent: int = 8) -> Found:
    """Search a lie that maximises how far ``rule`` lands from the mean of the honest ``rows [n, d]``.

    Two stages, both without state. Along the standard deviation and along the mean, strengths on a
    geometric grid in both senses are tried, and the grid is then refined around the best. From there,
    gradient ascent through the rule changes the direction: steps of half the lie's distance from the mean,
    halved whenever a step does not help.

    Args:
        rows: honest gradients.
        rule: the rule to move; it sees the honest rows first, then ``byzantine`` copies of the lie.
        byzantine: how many rows lie, at least 1.
        evaluations: strengths a direction, in the grid and again around the best.
        ascent: steps of gradient ascent; 0 leaves the direction as found.
    """
    mean = mean_over_rows(rows)
    directions = jnp.stack([deviation(rows, 1 if len(rows) > 1 else 0), mean])

    def moved(lie: Array) -> Array:
        everyone = jnp.concatenate([rows, jnp.broadcast_to(lie, (byzantine, *lie.shape))])
        away = rule(everyone) - mean
        squared = jnp.sum(jnp.square(away))
        return jnp.sqrt(jnp.where(squared > 0, squared, 1)) * (squared > 0)

    def along(direction: Array, strengths: Array) -> tuple[Array, Array]:
        base = jnp.where(direction == 0, 1.0, 0.0).astype(rows.dtype) * mean
        lies = lambda strength: base + strength * directions[direction]  # noqa: E731
        reached = lax.map(lambda strength: moved(lies(strength)), strengths)
        best = jnp.argmax(jnp.where(jnp.isfinite(reached), reached, -1))
        return strengths[best], reached[best]

    half = np.geomspace(0.05, 100.0, max(evaluations // 2, 2))
    grid = jnp.asarray(np.concatenate([-half[::-1], half]), rows.dtype)
    step = half[1] / half[0]
    candidates = []
    for direction in (0, 1):
        strength, reached = along(jnp.int32(direction), grid)
        around = strength * jnp.geomspace(1 / step, step, evaluations, dtype=rows.dtype)
        finer, better = along(jnp.int32(direction), around)
        strength = jnp.where(better > reached, finer, strength)
        candidates.append((mean if direction == 0 else 0 * mean) + strength * directions[direction])
    fixed_lies = [(mean if which == 0 else 0 * mean) + strength * directions[which] for _, which, strength in FIXED]
    lies = jnp.stack([*candidates, *fixed_lies])
    reached = jnp.nan_to_num(lax.map(moved, lies), nan=-1.0, posinf=-1.0)
    best = jnp.argmax(reached)

    def climb(_: Array, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        lie, value, size = state
        slope = jax.grad(moved)(lie)
        length = jnp.sqrt(jnp.sum(jnp.square(slope)))
        reach = jnp.sqrt(jnp.sum(jnp.square(lie - mean)))
        trial = lie + jnp.where(length > 0, size * reach / jnp.where(length > 0, length, 1), 0) * slope
        there = moved(trial)
        better = there > value
        return (
            jnp.where(better, trial, lie),
            jnp.where(better, there, value),
            jnp.where(better, size, size / 2),
        )

    start = lies[best], reached[best], jnp.asarray(0.5, rows.dtype)
    lie, value, _ = lax.fori_loop(0, ascent, climb, start) if ascent else start
    fixed = jnp.max(reached[len(candidates) :])
    return Found(lie, value, fixed, value / fixed)


def optimised(
    aggregator: str = "median", byzantine: int = 1, evaluations: int = 24, ascent: int = 0, **parameters: Any
) -> Payload:
    """The lie that moves the mean of the honest gradients the most through a known rule; see `search`.

    The attacker knows the rule (and nothing of the server's random choices) and all honest gradients, and
    searches anew every round. ByzFL searches a strength along one direction; here both directions, both
    senses, and, with ``ascent``, free directions are searched.

    Args:
        aggregator: the rule as the command line takes it, ``"nnm+krum"`` too.
        byzantine: rows that lie.
        evaluations: strengths tried a direction, twice.
        ascent: steps of gradient ascent through the rule.
        parameters: of the rule.
    """
    if byzantine < 1 or evaluations < 2 or ascent < 0:
        raise InputError(
            "optimised needs byzantine >= 1, evaluations >= 2 and ascent >= 0, "
            f"got {byzantine}, {evaluations}, {ascent}"
        )
    rule = build_rule(aggregator, **parameters)

    def lie(rows: Array, key: Array | None = None) -> Array:
        return search(rows, rule, byzantine, evaluations, ascent).lie

    return Payload(lie, scope="round", coordinatewise=False)
