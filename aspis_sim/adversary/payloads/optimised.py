"""The optimised payload: it searches for the lies that harm a given rule the most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
from jax import Array, lax

from aspis_sim.adversary.payloads.base import Payload, Reach
from aspis_sim.adversary.payloads.families import (
    Start,
    arriving,
    climb,
    length,
    serving,
    starts,
    strongest,
    whole,
)
from aspis_sim.aggregation import rule as build_rule
from aspis_sim.aggregation.average import mean_over_rows
from aspis_sim.aggregation.base import Rule
from aspis_sim.errors import InputError

Objective = Literal["descent", "distance"]


def search(
    rows: Array,
    key: Array,
    rule: Rule,
    reach: Reach,
    families: list[Start],
    evaluations: int = 16,
    ascent: int = 0,
    objective: Objective = "descent",
) -> Array:
    """Search lies ``[n, d]`` that do the most harm where they replace the rows of ``reach`` among ``rows [n, d]``.

    The payloads of ``families`` are tried with their own strengths and with a geometric grid of strengths in both
    senses, and the grid is refined around the best. From there, gradient ascent through the rule changes the lie of
    every file by itself: steps of half the lies' distance from the mean, halved whenever a step does not help.

    An update with a NaN or an Inf does infinite harm: it ends the training.

    Args:
        rows: the honest gradients of all files.
        key: of the round, for payloads that are random.
        rule: the rule to harm.
        reach: which rows the lies replace, and what the server makes of them.
        families: where the search starts.
        evaluations: strengths per family in the grid, and again around the best.
        ascent: steps of gradient ascent; 0 for none.
        objective: what counts as harm, see `optimised`.
    """
    mean = mean_over_rows(rows)
    harm = _harm(rows, rule.beside(mean) if rule.own_samples else rule, reach, objective)
    built = [lambda strength, start=start: whole(start.build(strength), rows, key) for start in families]
    own = [start.strengths for start in families]
    lies, done = strongest(own, lambda start, strength: lax.switch(start, built, strength), harm, evaluations, rows)
    return climb(lies, mean, harm, jax.grad(harm), done, ascent) if ascent else lies


def _harm(rows: Array, rule: Rule, reach: Reach, objective: Objective) -> Callable[[Array], Array]:
    """From lies ``[n, d]`` to the harm that they do; -inf for lies that reach nothing because they are not finite."""
    mean = mean_over_rows(rows)
    largest = jnp.max(jnp.abs(mean))
    scaled = mean / jnp.where(largest > 0, largest, 1)
    downhill = scaled / jnp.where(largest > 0, jnp.sqrt(jnp.sum(jnp.square(scaled))), 1)
    server = serving(rule, reach)

    def harm(lies: Array) -> Array:
        update = server(jnp.where(reach.lies[:, None], lies, rows))
        done = -jnp.sum(update * downhill) if objective == "descent" else length(update - mean)
        done = jnp.where(jnp.isfinite(update).all(), done, jnp.inf)
        return arriving(jnp.isfinite(lies).all(), done, reach)

    return harm


def optimised(
    aggregator: str = "median",
    byzantine: int = 1,
    evaluations: int = 16,
    ascent: int = 0,
    objective: Objective = "descent",
    convention: str | None = None,
    **parameters: Any,
) -> Payload:
    """The lies that do the most harm through a known rule: the attack searches them anew in every round.

    The attacker knows the rule and its options, all honest gradients, and which files' values the liars win: the votes
    and the detector's verdict are foreseen, as they will be for finite lies that differ from the honest gradients
    (none of the server's random choices is known). Other payloads, with strengths of both signs, are where the search
    starts, so that none of them does more harm in a round with its own strength (ALIE's of Baruch et al. depends on q
    and is met by the grid alone): all but ``label_flip``, which needs the samples, ``rop``, which needs the past,
    ``fang`` and the ``direction`` of ``mimic``. ByzFL's optimised ALIE and inner product search a strength along one
    direction, by the distance, with the lies appended to the honest rows; here they replace rows, as in a run.

    Args:
        aggregator: the rule as the command line takes it, ``"nnm+krum"`` too; a run fills in its own, with its options.
        byzantine: rows that lie, the first ones, where the payload is called outside of a run; in a run they are those
            that the liars win.
        evaluations: strengths per payload, and again around the best.
        ascent: steps of gradient ascent through the rule.
        objective: "descent": how far the update goes against the mean of the honest gradients,
            -⟨update, mean⟩ / ‖mean‖, the rise of the loss to first order; "distance": how far it is from that mean,
            in any direction, which may do less to the training.
        convention: of the rule and of the payloads from which the search starts.
        parameters: of the rule.
    """
    if byzantine < 1 or evaluations < 2 or ascent < 0:
        raise InputError(
            "optimised needs byzantine >= 1, evaluations >= 2 and ascent >= 0, "
            f"got {byzantine}, {evaluations}, {ascent}"
        )
    if objective not in get_args(Objective):
        raise InputError(f"unknown objective {objective!r}; known: {', '.join(get_args(Objective))}")
    rule, families = build_rule(aggregator, convention=convention, **parameters), starts(convention)

    def aimed(rows: Array, key: Array | None, reach: Reach) -> Array:
        if key is None:
            raise InputError("the optimised payload starts from random ones too and needs a key")
        return search(rows, key, rule, reach, families, evaluations, ascent, objective)

    def lie(rows: Array, key: Array | None = None) -> Array:
        first = jnp.arange(len(rows)) < byzantine
        return aimed(rows, key, Reach(first, None, None, byzantine, finite=False))

    return Payload(lie, scope="files", coordinatewise=False, aimed=aimed)
